import { deflateRawSync } from 'node:zlib';

interface ZipFile {
  readonly content: string | Buffer;
  readonly stored?: boolean;
  readonly encrypted?: boolean;
  /** A size to claim instead of the true one. */
  readonly claimed?: number;
}

/** Writes a zip archive, as tools do: local headers with content, then the directory. */
export function makeZip(files: Readonly<Record<string, string | Buffer | ZipFile>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, given] of Object.entries(files)) {
    const file: ZipFile = typeof given === 'string' || Buffer.isBuffer(given) ? { content: given } : given;
    const local = localPart(name, file);
    parts.push(local);
    directory.push(directoryPart(name, file, offset));
    offset += local.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

function packed({ content, stored }: ZipFile): Buffer {
  return stored === true ? Buffer.from(content) : deflateRawSync(Buffer.from(content));
}

/** What both headers say of a file, from the version to the length of its name. */
function shared(name: string, file: ZipFile): Buffer {
  const content = Buffer.from(file.content);
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x800 | (file.encrypted === true ? 1 : 0), 2);
  fields.writeUInt16LE(file.stored === true ? 0 : 8, 4);
  fields.writeUInt32LE(packed(file).length, 14);
  fields.writeUInt32LE(file.claimed ?? content.length, 18);
  fields.writeUInt16LE(Buffer.byteLength(name), 22);
  return fields;
}

function localPart(name: string, file: ZipFile): Buffer {
  return Buffer.concat([Buffer.from('PK\x03\x04'), shared(name, file), Buffer.from(name), packed(file)]);
}

function directoryPart(name: string, file: ZipFile, offset: number): Buffer {
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(offset, 10);
  return Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), shared(name, file), tail, Buffer.from(name)]);
}
