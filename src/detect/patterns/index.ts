export { parsePattern, toAnchors } from './compile.ts';
export { widthOf } from './width.ts';
