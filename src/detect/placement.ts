/** What kind of file a path names, as far as it matters to a candidate that only looks like a secret. */
export type Placement =
  'config' | 'code' | 'tests' | 'docs' | 'example' | 'vendored' | 'machine' | 'translation';

/** Written by programs: digests, versions and bundled code, no secret that a person put there. */
const machine =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|composer\.lock|Gemfile\.lock|Cargo\.lock|poetry\.lock|uv\.lock|Pipfile\.lock|go\.sum|\.secrets\.baseline|flake\.lock|packages\.lock\.json)$|\.(?:min\.\w+|map|snap|svg|po|pot|xlf|lock|sum|ipynb_checkpoints)$|(?:^|\/)(?:node_modules|bower_components|\.yarn)\//i;
/** What people read, under the names of fields: the word for a password in some language. */
const translation =
  /(?:^|\/)(?:i18n|l10n|locales?|langs?|languages?|translations?|intl|Localization)\/(?:.*\/)?[^/]*\.(?:json[5c]?|ya?ml|properties|php|xml|ts|js|rb|py)$|(?:^|\/)i18n\.(?:ts|js|json|py|rb)$|(?:^|[/_.-])[a-z]{2}[_-][A-Z]{2}\.(?:json|ya?ml|properties|php|ts|js)$|(?:^|\/)(?:messages|labels|strings|translations?|texts|\w*Labels|\w*Messages)(?:[_.-][a-z]{2,3}(?:[_-]\w{2,4})?)?\.(?:properties|json|ya?ml|xml)$|\.(?:resx|strings|arb|xliff?|ftl)$/;
/** Code of others, with their test vectors. */
const vendored = /(?:^|\/)(?:vendor|third_party|thirdparty|external|Godeps|Pods)\//;
/** Descriptions of an interface are full of example values. */
const described =
  /(?:^|[/._-])(?:swagger|openapi)[\w.-]*\.(?:ya?ml|json)$|(?:^|\/)api[_-]?(?:references?|specs?|docs)\/.*\.(?:ya?ml|json)$/i;
const docs =
  /(?:^|\/)(?:docs?|documentation|changelogs?|man)\/|\.(?:md|mdx|rst|adoc|html?|tex|pod)$|(?:^|\/)(?:CHANGELOG|CHANGES|NEWS|HISTORY)[^/]*$/i;
const tests =
  /(?:^|\/)(?:tests?|\w*[a-z]Tests?|testing|testdata|specs?|__tests__|__mocks__|fixtures?|mocks?|e2e|cypress|examples?|samples?)\/|[._-](?:test|spec|mock)s?\.\w+$|(?:^|\/)test_[\w-]+\.py$|Tests?\.(?:java|kt|cs|php|swift|scala)$|_test\.(?:go|rb|dart|exs?)$/i;
const config =
  /(?:^|\/)(?:\.env[\w.-]*|[\w-]*env|\.[\w-]+rc|\.(?:netrc|pgpass|npmrc|pypirc|htpasswd|bash\w*|zsh\w*|profile)|config|[\w.-]*credentials|Dockerfile[\w.-]*|Jenkinsfile|Vagrantfile|crontab|fstab|inventory|hosts|\.\w+_history)$|(?:^|\/)(?:\w+[._-])?(?:config|configuration|settings|secrets?|credentials?|environment)(?:[._-]\w+)?\.(?:py|php|rb|[cm]?[jt]s|go|java|cs)$|\.(?:ya?ml|json[5c]?|toml|ini|cfg|cnf|conf|config|properties|props|env|xml|plist|tfvars|tfstate|hcl|tf|sh|bash|zsh|ps1|bat|cmd|rdp|reg|sql|desktop|service|settings|dist|local|example|xcconfig)$/i;

/** Tells the kind of a file by its path; unknown paths are code. */
export function placementOf(path: string): Placement {
  if (machine.test(path)) return 'machine';
  if (translation.test(path)) return 'translation';
  if (vendored.test(path)) return 'vendored';
  if (described.test(path)) return 'example';
  if (docs.test(path)) return 'docs';
  if (tests.test(path)) return 'tests';
  return config.test(path) ? 'config' : 'code';
}

/** Says whether a key path lies under an example, as API descriptions have them. */
export function isExample(slot: string): boolean {
  return /(?:^|\.)examples?(?:[.[]|$)/i.test(slot);
}

/** Says whether a key path lies under encrypted data, as of sealed secrets. */
export function isSealed(slot: string): boolean {
  return /(?:^|\.)encrypted(?:Data)?[.[]/.test(slot);
}

/** Says whether an offset lies in a text of several lines between tripled quotes: how Python writes documentation. */
export function isInDocstring(text: string, at: number): boolean {
  let open = '';
  for (const { 0: mark, index } of text.matchAll(/"""|'''/g)) {
    if (index >= at) break;
    if (open === '') open = mark;
    else if (open === mark) open = '';
  }
  return open !== '';
}

/** Says whether a key path leads into a server of an MCP client, whose fields are handed to it as they are. */
export function isOfServer(slot: string, path: string): boolean {
  return (
    /mcp_?servers|context_servers|(?:^|\.)mcp(?:\.|$)/i.test(slot) ||
    /(?:^|[/._-])mcp(?:[/._-]|$)/i.test(path)
  );
}
