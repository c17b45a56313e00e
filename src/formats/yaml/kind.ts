/** What a YAML file is for: it says how values are read by name in it, and which of its keys hold scripts. */
export type YamlKind = 'workflow' | 'compose' | 'kubernetes' | 'other';

/** Tells the kind by the path, else by the keys at the top. */
export function kindOf(path: string, text: string): YamlKind {
  if (/(^|\/)\.(github|gitea|forgejo)\/|(^|\/)action\.ya?ml$/.test(path)) return 'workflow';
  if (/(^|\/)[^/]*compose[^/]*\.ya?ml$/.test(path)) return 'compose';
  if (/^apiVersion:/m.test(text) && /^kind:/m.test(text)) return 'kubernetes';
  if (/^services:\s*$/m.test(text) && /^ {2,}image:|^ {2,}build:/m.test(text)) return 'compose';
  return 'other';
}

const scripts: Readonly<Record<YamlKind, RegExp>> = {
  workflow: /^run$/,
  compose: /^(command|entrypoint)$/,
  kubernetes: /^(command|args)$/,
  other: /^(run|script|before_script|after_script|bash|sh|command|commands|entrypoint|args)$/,
};

/** Says whether a key holds what is run: a script, or the words of a command. */
export function isScriptKey(kind: YamlKind, key: string): boolean {
  return scripts[kind].test(key);
}
