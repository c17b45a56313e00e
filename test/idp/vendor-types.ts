/**
 * Names every field of `Ours` that `Theirs` has not, at any depth; `never` where all are known. Assigning alone would not
 * tell: almost every field of the vendors' types is optional, and TypeScript looks for strange ones in literals only.
 */
export type Strange<Ours, Theirs> = Ours extends readonly (infer Item)[]
  ? Theirs extends readonly (infer Other)[]
    ? Strange<Item, Other>
    : never
  : Ours extends object
    ? {
        [Key in keyof Ours]-?: Key extends keyof Known<Theirs>
          ? Strange<NonNullable<Ours[Key]>, NonNullable<Known<Theirs>[Key]>>
          : Key;
      }[keyof Ours]
    : never;

/** Of a union of objects and null, the objects. */
type Known<Theirs> = Extract<Theirs, object>;

/** Checks when compiled: takes what fits the vendor's type and has no field that it does not know. */
export type Fits<Ours, Theirs> = [Ours] extends [Theirs]
  ? [Strange<Ours, Theirs>] extends [never]
    ? 'fits'
    : { readonly strange: Strange<Ours, Theirs> }
  : 'does not fit';
