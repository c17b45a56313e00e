import { toReadOnly } from '../read-only.ts';
import type { Format } from '../types.ts';

const names = /\.(xml|config|csproj|vbproj|fsproj|props|targets|plist|pubxml|settings|resx|xsd|wsdl|iml)$/i;

/** XML of configuration: Maven and NuGet settings, `web.config`, Android resources, FileZilla. */
export const xml: Format = {
  id: 'xml',
  matches: (path) => names.test(path),
  async parse(text, path) {
    const { readXml } = await import('./read.ts');
    return toReadOnly(readXml(text), 'xml', path, text);
  },
};
