import type { Io } from '../../lib/io.ts';
import type { Check } from '../../model/check.ts';
import type { GlobalOptions } from './survey.ts';

export interface DoctorFlags extends GlobalOptions {
  readonly online?: boolean;
  readonly format: 'text' | 'json';
}

/** Where `doctor` looks. */
export interface Ward {
  readonly io: Io;
  readonly flags: DoctorFlags;
  /** Top of the repository; the working folder outside of one. */
  readonly root: string;
  readonly inGit: boolean;
}

/** What a check found, without its name. */
export type Diagnosis = Omit<Check, 'name'>;

export function ok(detail: string): Diagnosis {
  return { state: 'ok', detail, fix: null };
}

export function none(detail: string): Diagnosis {
  return { state: 'none', detail, fix: null };
}

export function bad(detail: string, fix: string): Diagnosis {
  return { state: 'bad', detail, fix };
}
