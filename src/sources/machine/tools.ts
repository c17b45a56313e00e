import type { Place } from './types.ts';

const unix = ['linux', 'darwin'] as const;

/** Credentials of clouds and tools, and what shells read and remember. */
export const tools: readonly Place[] = [
  { what: 'AWS CLI', paths: ['~/.aws/credentials', '~/.aws/config', '~/.boto', '~/.s3cfg'] },
  { what: 'AWS SSO and role caches', paths: ['~/.aws/sso/cache/*.json', '~/.aws/cli/cache/*.json'] },
  {
    what: 'Google Cloud CLI',
    on: unix,
    paths: [
      '~/.config/gcloud/application_default_credentials.json',
      '~/.config/gcloud/legacy_credentials/*/*',
      '~/.config/gcloud/configurations/config_*',
      '~/.config/gcloud/credentials',
    ],
  },
  {
    what: 'Google Cloud CLI',
    on: ['win32'],
    paths: [
      '%APPDATA%/gcloud/application_default_credentials.json',
      '%APPDATA%/gcloud/legacy_credentials/*/*',
    ],
  },
  {
    what: 'Azure CLI',
    paths: ['~/.azure/accessTokens.json', '~/.azure/msal_token_cache.json', '~/.azure/config'],
  },
  { what: 'Docker', paths: ['~/.docker/config.json', '~/.dockercfg'] },
  { what: 'Podman', on: unix, paths: ['~/.config/containers/auth.json'] },
  { what: 'Kubernetes', paths: ['~/.kube/config', '~/.kube/*.yaml', '~/.kube/*.yml', '~/.kube/config.d/*'] },
  {
    what: 'Helm',
    on: unix,
    paths: ['~/.config/helm/repositories.yaml', '~/.config/helm/registry/config.json'],
  },
  { what: 'npm', paths: ['~/.npmrc', '~/.config/npm/npmrc', '~/.yarnrc', '~/.yarnrc.yml', '~/.bunfig.toml'] },
  {
    what: 'pip and PyPI',
    paths: ['~/.pypirc', '~/.pip/pip.conf', '~/.config/pip/pip.conf', '~/pip/pip.ini'],
  },
  { what: 'Poetry', paths: ['~/.config/pypoetry/auth.toml', '~/.config/pypoetry/config.toml'] },
  {
    what: 'RubyGems and Bundler',
    paths: ['~/.gem/credentials', '~/.local/share/gem/credentials', '~/.bundle/config'],
  },
  { what: 'Cargo', paths: ['~/.cargo/credentials.toml', '~/.cargo/credentials'] },
  { what: 'Maven and Gradle', paths: ['~/.m2/settings.xml', '~/.gradle/gradle.properties'] },
  { what: 'NuGet', paths: ['~/.nuget/NuGet/NuGet.Config', '%APPDATA%/NuGet/NuGet.Config'] },
  { what: 'Composer', paths: ['~/.composer/auth.json', '~/.config/composer/auth.json'] },
  { what: 'Hex', paths: ['~/.hex/hex.config'] },
  { what: 'netrc and htpasswd', paths: ['~/.netrc', '~/_netrc', '~/.authinfo', '~/.htpasswd'] },
  {
    what: 'git',
    paths: ['~/.git-credentials', '~/.config/git/credentials', '~/.gitconfig', '~/.config/git/config'],
  },
  {
    what: 'GitHub CLI',
    paths: ['~/.config/gh/hosts.yml', '~/.config/hub', '%APPDATA%/GitHub CLI/hosts.yml'],
  },
  { what: 'GitLab CLI', paths: ['~/.config/glab-cli/config.yml', '~/.python-gitlab.cfg'] },
  {
    what: 'Okta',
    paths: ['~/.okta/okta.yaml', '~/.okta/okta.yml', '~/.okta/config.properties', '~/.oktarc'],
  },
  { what: 'SSH', paths: ['~/.ssh/*'] },
  {
    what: 'HashiCorp tools',
    paths: ['~/.vault-token', '~/.terraformrc', '~/.terraform.d/credentials.tfrc.json'],
  },
  { what: 'Pulumi', paths: ['~/.pulumi/credentials.json'] },
  {
    what: 'Heroku, Netlify, Vercel, Fly',
    paths: [
      '~/.heroku/*.json',
      '~/.config/netlify/config.json',
      '~/.netlify/config.json',
      '~/.local/share/com.vercel.cli/auth.json',
      '~/.fly/config.yml',
      '~/.railway/config.json',
    ],
  },
  {
    what: 'Cloudflare',
    paths: [
      '~/.wrangler/config/default.toml',
      '~/.config/.wrangler/config/default.toml',
      '~/.cloudflared/*.json',
    ],
  },
  {
    what: 'DigitalOcean, Linode, Hetzner',
    paths: ['~/.config/doctl/config.yaml', '~/.config/linode-cli', '~/.config/hcloud/cli.toml'],
  },
  { what: 'Databricks', paths: ['~/.databrickscfg'] },
  {
    what: 'Snowflake',
    paths: ['~/.snowflake/config.toml', '~/.snowflake/connections.toml', '~/.snowsql/config'],
  },
  { what: 'dbt', paths: ['~/.dbt/profiles.yml'] },
  {
    what: 'Databases',
    paths: [
      '~/.pgpass',
      '~/.pg_service.conf',
      '~/.my.cnf',
      '~/.mylogin.cnf',
      '~/.mongorc.js',
      '~/.redisclirc',
    ],
  },
  {
    what: 'Histories of database shells',
    paths: ['~/.psql_history', '~/.mysql_history', '~/.rediscli_history', '~/.sqlite_history', '~/.dbshell'],
  },
  {
    what: 'Hugging Face',
    paths: ['~/.cache/huggingface/token', '~/.cache/huggingface/stored_tokens', '~/.huggingface/token'],
  },
  { what: 'Kaggle', paths: ['~/.kaggle/kaggle.json'] },
  {
    what: 'LLM tools',
    paths: [
      '~/.config/io.datasette.llm/keys.json',
      '~/.aider.conf.yml',
      '~/.config/openai/*',
      '~/.config/anthropic/*',
      '~/.config/fabric/.env',
      '~/.config/shell_gpt/.sgptrc',
    ],
  },
  {
    what: 'Stripe, Sentry, ngrok',
    paths: [
      '~/.config/stripe/config.toml',
      '~/.sentryclirc',
      '~/.ngrok2/ngrok.yml',
      '~/.config/ngrok/ngrok.yml',
    ],
  },
  { what: 'rclone', paths: ['~/.config/rclone/rclone.conf', '~/.rclone.conf'] },
  {
    what: 'Files of variables',
    paths: ['~/.env', '~/.env.local', '~/.envrc', '~/.secrets', '~/.config/environment.d/*.conf'],
  },
  {
    what: 'Shell profiles',
    paths: [
      ...[
        'bashrc',
        'bash_profile',
        'bash_login',
        'bash_aliases',
        'profile',
        'zshrc',
        'zshenv',
        'zprofile',
      ].map((name) => `~/.${name}`),
      ...['zlogin', 'kshrc', 'cshrc', 'tcshrc', 'xprofile', 'xsessionrc', 'pam_environment', 'inputrc'].map(
        (name) => `~/.${name}`,
      ),
      '~/.bashrc.d/*',
      '~/.zshrc.d/*',
      '~/.config/zsh/.z*',
      '~/.config/fish/config.fish',
      '~/.config/fish/fish_variables',
      '~/.config/fish/conf.d/*.fish',
      '~/.config/nushell/*.nu',
      '~/.config/powershell/*.ps1',
      '~/Documents/PowerShell/*.ps1',
      '~/Documents/WindowsPowerShell/*.ps1',
    ],
  },
  {
    what: 'Shell histories',
    paths: [
      ...[
        'bash_history',
        'zsh_history',
        'zhistory',
        'histfile',
        'history',
        'sh_history',
        'ash_history',
        'ksh_history',
      ].map((name) => `~/.${name}`),
      ...['node_repl_history', 'python_history', 'irb_history', 'lesshst', 'wget-hsts'].map(
        (name) => `~/.${name}`,
      ),
      '~/.zsh_sessions/*.history',
      '~/.bash_sessions/*.history',
      '~/.local/share/fish/fish_history',
      '~/.local/share/powershell/PSReadLine/*_history.txt',
      '%APPDATA%/Microsoft/Windows/PowerShell/PSReadLine/*_history.txt',
    ],
  },
];

/** What runs by itself on this machine, where this user may read it. */
export const schedules: readonly Place[] = [
  {
    what: 'cron',
    on: unix,
    paths: [
      '/etc/crontab',
      '/etc/anacrontab',
      '/etc/cron.d/*',
      ...['hourly', 'daily', 'weekly', 'monthly', 'yearly'].map((often) => `/etc/cron.${often}/*`),
    ],
  },
  {
    what: 'systemd units of this user',
    on: ['linux'],
    paths: ['~/.config/systemd/user/**/*', '~/.local/share/systemd/user/**/*', '/etc/systemd/user/**/*'],
  },
  {
    what: 'systemd units of the system',
    on: ['linux'],
    paths: [
      '/etc/systemd/system/**/*',
      '/run/systemd/system/**/*',
      '/usr/local/lib/systemd/system/**/*',
      '/usr/lib/systemd/system/*',
    ],
  },
  {
    what: 'launchd',
    on: ['darwin'],
    paths: [
      '~/Library/LaunchAgents/*.plist',
      '/Library/LaunchAgents/*.plist',
      '/Library/LaunchDaemons/*.plist',
    ],
  },
];
