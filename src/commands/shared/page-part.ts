import { readTextIfThere } from '../../lib/files.ts';
import { shippedPath } from '../../lib/shipped.ts';

/** Reads the style or the script of a page from what ships with the program. */
export async function readPagePart(name: string): Promise<string> {
  return (await readTextIfThere(shippedPath(`output/page/${name}`))) ?? '';
}
