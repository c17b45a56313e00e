import { toReadOnly } from '../read-only.ts';
import type { Format } from '../types.ts';

const names =
  /\.(rb|rake|gemspec|php|phtml|java|kts?|scala|groovy|gradle|cs|vb|fs|rs|swift|dart|exs?|erl|lua|p[lm]|t|ps[md]?1|c|cc|cpp|h|hpp|m|mm|jl|r|clj)$|(^|\/)(Rakefile|Gemfile|Jenkinsfile|Fastfile|Vagrantfile|Podfile)$/i;

/** Languages without a parser here: strings that an assignment, a key or a call names. */
export const code: Format = {
  id: 'code',
  matches: (path) => names.test(path),
  async parse(text, path) {
    const { readCode } = await import('./read.ts');
    return toReadOnly(readCode(text), 'code', path, text);
  },
};
