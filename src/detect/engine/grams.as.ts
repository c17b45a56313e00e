// Compiled to WebAssembly: the loop of grams.ts that every byte of a scan passes, over tables in linear memory.

const MULTIPLIER: u32 = 0x9e3779b1;

let first: usize = 0;
let second: usize = 0;
let links: usize = 0;
let letters: usize = 0;
let starts: usize = 0;
let idle: usize = 0;
let hits: usize = 0;
let room: u32 = 0;
let shift: u32 = 0;
let count: u32 = 0;

/** Says where the tables of `GramTables` lie, the flags of texts of which one hit is enough, and room for pairs of numbers. */
export function init(
  firstAt: usize,
  linksAt: usize,
  lettersAt: usize,
  startsAt: usize,
  idleAt: usize,
  hitsAt: usize,
  hitRoom: u32,
  gramShift: u32,
): void {
  first = firstAt;
  second = firstAt + ((<usize>2) << (32 - gramShift));
  links = linksAt;
  letters = lettersAt;
  starts = startsAt;
  idle = idleAt;
  hits = hitsAt;
  room = hitRoom;
  shift = gramShift;
}

/**
 * Finds texts that lie whole between two addresses and end beyond `known`. Gives how many, each a number and an
 * address; more than there is room for means that some were dropped.
 */
export function find(from: usize, end: usize, known: usize): u32 {
  count = 0;
  let gram: u32 = 0x20202020;
  for (let at = from; at < end; at++) {
    gram = (gram << 8) | load<u8>(at) | 0x20;
    const link = <u32>load<u16>(first + ((<usize>((gram * MULTIPLIER) >> shift)) << 1));
    if (link !== 0) verify(link, at, from, end, known);
    const short = <u32>load<u16>(second + ((<usize>(((gram & 0xffffff) * MULTIPLIER) >> shift)) << 1));
    if (short !== 0) verify(short, at, from, end, known);
  }
  return count;
}

function verify(link: u32, at: usize, from: usize, end: usize, known: usize): void {
  for (let next = link; next !== 0; next = load<u32>(links + next * 12)) {
    const entry = links + next * 12;
    const text = load<u32>(entry, 4);
    const back = load<u32>(entry, 8);
    const start = load<u32>(starts + (text << 2));
    const length = load<u32>(starts + (text << 2), 4) - start;
    const begin = at - back;
    if (begin < from || begin + length > end || begin + length <= known) continue;
    const flag = load<u8>(idle + text);
    if (flag === 2 || !isThere(letters + start, begin, length)) continue;
    if (flag === 1) store<u8>(idle + text, 2);
    if (count < room) {
      store<u32>(hits + (count << 3), text);
      store<u32>(hits + (count << 3), <u32>begin, 4);
    }
    count++;
  }
}

function isThere(text: usize, begin: usize, length: u32): bool {
  for (let n: u32 = 0; n < length; n++) {
    let byte: u32 = load<u8>(begin + n);
    if (byte - 65 < 26) byte += 32;
    if (byte !== <u32>load<u8>(text + n)) return false;
  }
  return true;
}
