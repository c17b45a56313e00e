import { describe, expect, it } from 'vitest';
import { reported } from './kit.ts';

/** Files that should hold a finding on the lines given. */
const files: readonly (readonly [path: string, text: string, lines: readonly number[]])[] = [
  [
    '.bash_profile',
    'export AWS_ACCESS_KEY_ID="AKIA{base32:16}"\nexport AWS_SECRET_ACCESS_KEY="{base64:40}"\nexport EDITOR=vim\n',
    [1, 2],
  ],
  ['.zsh_history', ': 1700000000:0;export GITHUB_TOKEN=ghp_{alnum:36}\n: 1700000001:0;ls\n', [1]],
  ['.zsh_history', ': 1700000000:0;psql postgres://app:{lower:6}{digit:3}@db.acme.net/app\n', [1]],
  ['.bash_history', 'docker login -u ci -p {letter:6}{digit:4} registry.acme.net\n', [1]],
  ['.bash_history', 'export DB_PASS={lower:7}\nredis-cli -h cache.acme.net -a {lower:6}{digit:3}\n', [1, 2]],
  ['.bash_history', 'kubectl create secret generic db --from-literal=password={lower:6}{digit:3}\n', [1]],
  [
    '.bash_history',
    'az login --service-principal -u {uuid} -p {alnum:3}8Q~{alnum:34} --tenant {uuid}\n',
    [1],
  ],
  ['.bash_history', 'ldapsearch -x -D cn=admin,dc=acme -w {lower:6}{digit:2} -b dc=acme\n', [1]],
  ['.my.cnf', '[client]\nuser=root\npassword={lower:6}{digit:2}\n', [3]],
  ['.my.cnf', '[client]\nuser = root\npassword = "{lower:6}#{digit:2}"\n', [3]],
  ['.pgpass', 'localhost:5432:*:postgres:{lower:6}{digit:2}\n', [1]],
  ['.netrc', 'machine api.heroku.com login ci@acme.net password {uuid}\n', [1]],
  ['_netrc', 'machine git.acme.net\n  login ci\n  password {lower:6}{digit:2}\n', [3]],
  ['.authinfo', 'machine imap.acme.net login ci port 993 password {lower:6}{digit:2}\n', [1]],
  ['.npmrc', '//registry.npmjs.org/:_authToken=npm_{alnum:30}{crc62}\n', [1]],
  ['.npmrc', '//npm.acme.net/:_password="{base64:16}"\n//npm.acme.net/:username=ci\n', [1]],
  ['.npmrc', '//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n', []],
  ['.yarnrc.yml', 'npmRegistries:\n  "https://npm.acme.net":\n    npmAuthToken: "{alnum:36}"\n', [3]],
  [
    '.pypirc',
    '[distutils]\nindex-servers = pypi\n[pypi]\nusername = __token__\npassword = pypi-AgEIcHlwaS5vcmc{url:120}\n',
    [5],
  ],
  ['pip.conf', '[global]\nindex-url = https://ci:{lower:6}{digit:3}@pypi.acme.net/simple\n', [2]],
  ['.gem/credentials', '---\n:rubygems_api_key: rubygems_{hex:48}\n', [2]],
  ['.cargo/credentials.toml', '[registry]\ntoken = "{alnum:32}"\n', [2]],
  ['.docker/config.json', '{"auths": {"https://index.docker.io/v1/": {"auth": "{base64:28}"}}}\n', [1]],
  [
    '.kube/config',
    'users:\n- name: ci\n  user:\n    client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ{alnum:400}\n',
    [4],
  ],
  [
    '.aws/credentials',
    '[ci]\naws_access_key_id = AKIA{base32:16}\naws_secret_access_key = {base64:40}\naws_session_token = {base64:200}\n',
    [2, 3, 4],
  ],
  [
    '.config/gcloud/application_default_credentials.json',
    '{\n  "client_id": "{digit:12}-{lownum:32}.apps.googleusercontent.com",\n  "client_secret": "{url:24}",\n  "refresh_token": "1//0{url:99}",\n  "type": "authorized_user"\n}\n',
    [3, 4],
  ],
  [
    '.config/gh/hosts.yml',
    'github.com:\n    user: ci\n    oauth_token: gho_{alnum:36}\n    git_protocol: https\n',
    [3],
  ],
  ['.config/glab-cli/config.yml', 'hosts:\n  gitlab.com:\n    token: glpat-{url:20}\n', [3]],
  [
    '.config/rclone/rclone.conf',
    '[s3]\ntype = s3\naccess_key_id = AKIA{base32:16}\nsecret_access_key = {base64:40}\n',
    [3, 4],
  ],
  [
    '.config/rclone/rclone.conf',
    '[box]\ntype = sftp\nhost = box.acme.net\nuser = ci\npass = {url:32}\n',
    [5],
  ],
  [
    '.s3cfg',
    '[default]\naccess_key = AKIA{base32:16}\nsecret_key = {base64:40}\ngpg_passphrase = {lower:8}\n',
    [2, 3, 4],
  ],
  ['.boto', '[Credentials]\ngs_access_key_id = GOOG{upper:20}\ngs_secret_access_key = {base64:40}\n', [3]],
  ['.terraformrc', 'credentials "app.terraform.io" {\n  token = "{alnum:14}.atlasv1.{alnum:67}"\n}\n', [2]],
  ['terraform.tfvars', 'db_password = "{lower:6}{digit:2}"\nregion = "eu-west-1"\n', [1]],
  [
    'terraform.tfstate',
    '{"resources": [{"instances": [{"attributes": {"password": "{letter:6}{digit:4}", "username": "app"}}]}]}\n',
    [1],
  ],
  ['.vault-token', 'hvs.{url:90}\n', [1]],
  [
    '.env',
    'APP_NAME=shop\nAPP_KEY=base64:{base64:43}=\nMAIL_PASSWORD={lower:8}\nMAIL_HOST=mail.acme.net\n',
    [2, 3],
  ],
  [
    '.env.production',
    'STRIPE_SECRET_KEY=sk_live_{alnum:24}\nSTRIPE_PUBLISHABLE_KEY=pk_live_{alnum:24}\nJWT_SECRET={lower:10}\n',
    [1, 3],
  ],
  [
    '.env.local',
    'NEXTAUTH_SECRET={base64:43}=\nNEXTAUTH_URL=http://localhost:3000\nDATABASE_URL="postgresql://shop:{lower:6}{digit:2}@db:5432/shop"\n',
    [1, 3],
  ],
  ['.envrc', 'export SENTRY_AUTH_TOKEN={hex:64}\nlayout python\n', [1]],
  [
    'docker-compose.yml',
    'services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_USER: shop\n      POSTGRES_PASSWORD: {lower:6}{digit:2}\n',
    [6],
  ],
  [
    'docker-compose.yml',
    'services:\n  db:\n    environment:\n      - MYSQL_ROOT_PASSWORD={lower:6}{digit:2}\n      - MYSQL_DATABASE=shop\n',
    [4],
  ],
  [
    'wp-config.php',
    "<?php\ndefine( 'DB_PASSWORD', '{letter:6}{digit:2}' );\ndefine( 'AUTH_KEY',         '{alnum:64}' );\ndefine( 'NONCE_SALT',       '{alnum:64}' );\n",
    [2, 3, 4],
  ],
  [
    'config/database.yml',
    'default:\n  adapter: mysql2\n  username: root\n  password: "{lower:6}{digit:2}"\n',
    [4],
  ],
  ['config/master.key', '{hex:32}\n', [1]],
  [
    'web.config',
    '<configuration>\n  <connectionStrings>\n    <add name="db" connectionString="Server=sql;Database=shop;User Id=sa;Password={lower:6}{digit:2};" />\n  </connectionStrings>\n</configuration>\n',
    [3],
  ],
  [
    'appsettings.Production.json',
    '{\n  "ConnectionStrings": {\n    "Default": "Server=sql;Database=shop;User Id=sa;Password={letter:6}{digit:3}!;"\n  },\n  "Jwt": { "Key": "{alnum:40}" }\n}\n',
    [3, 5],
  ],
  [
    'application.properties',
    'spring.datasource.username=shop\nspring.datasource.password={lower:6}{digit:2}\n',
    [2],
  ],
  [
    'application.yml',
    'spring:\n  datasource:\n    username: shop\n    password: {lower:6}{digit:2}\n  mail:\n    password: {letter:10}\n',
    [4, 6],
  ],
  [
    'settings.xml',
    '<settings>\n  <servers>\n    <server>\n      <id>acme</id>\n      <username>ci</username>\n      <password>{lower:6}{digit:2}</password>\n    </server>\n  </servers>\n</settings>\n',
    [6],
  ],
  [
    'gradle.properties',
    'signing.keyId={upper:8}\nsigning.password={lower:6}{digit:2}\nmavenPassword={letter:6}{digit:3}\n',
    [2, 3],
  ],
  [
    'NuGet.Config',
    '<configuration>\n  <packageSourceCredentials>\n    <acme>\n      <add key="Username" value="ci" />\n      <add key="ClearTextPassword" value="{alnum:20}" />\n    </acme>\n  </packageSourceCredentials>\n</configuration>\n',
    [5],
  ],
  [
    '.composer/auth.json',
    '{\n  "http-basic": {\n    "repo.acme.net": {\n      "username": "ci",\n      "password": "{lower:6}{digit:2}"\n    }\n  },\n  "github-oauth": {\n    "github.com": "ghp_{alnum:36}"\n  }\n}\n',
    [5, 9],
  ],
  ['ansible/inventory.ini', '[web]\nhost1 ansible_user=ci ansible_password={lower:6}{digit:2}\n', [2]],
  [
    'group_vars/all.yml',
    'ansible_become_pass: {lower:6}{digit:2}\nmysql_root_password: "{letter:6}{digit:2}"\n',
    [1, 2],
  ],
  ['group_vars/all.yml', 'db_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {hex:80}\n  {hex:80}\n', []],
  ['.htpasswd', 'ci:$apr1${alnum:8}${alnum:22}\nann:{SHA}{base64:27}=\n', [1, 2]],
  ['etc/shadow', 'root:$y$j9T${alnum:22}${alnum:43}:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n', [1]],
  ['wpa_supplicant.conf', 'network={\n  ssid="acme"\n  psk="{lower:8}{digit:2}"\n}\n', [3]],
  ['acme.nmconnection', '[wifi-security]\nkey-mgmt=wpa-psk\npsk={lower:8}{digit:2}\n', [3]],
  [
    'wg0.conf',
    '[Interface]\nPrivateKey = {base64:43}=\nAddress = 10.0.0.1/24\n[Peer]\nPublicKey = {base64:43}=\nPresharedKey = {base64:43}=\n',
    [2, 6],
  ],
  [
    '.muttrc',
    'set imap_user = "ci@acme.net"\nset imap_pass = "{lower:6}{digit:2}"\nset smtp_pass="{letter:6}{digit:2}"\n',
    [2, 3],
  ],
  ['.fetchmailrc', 'poll mail.acme.net proto imap user "ci" password "{lower:6}{digit:2}" ssl\n', [1]],
  [
    '.ssh/id_ed25519',
    '-----BEGIN OPENSSH PRIVATE KEY-----\n{base64:70}\n{base64:70}\n{base64:70}\n-----END OPENSSH PRIVATE KEY-----\n',
    [1],
  ],
  [
    '.gnupg/secret.asc',
    '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{base64:64}\n{base64:64}\n{base64:64}\n-----END PGP PRIVATE KEY BLOCK-----\n',
    [1],
  ],
  ['cloud-init.yml', '#cloud-config\nusers:\n  - name: ci\n    plain_text_passwd: {lower:6}{digit:2}\n', [4]],
  ['.travis.yml', 'env:\n  global:\n    - SECRET_TOKEN={hex:40}\n    - NODE_ENV=test\n', [3]],
  ['.travis.yml', 'env:\n  global:\n    - secure: "{base64:171}="\n', []],
  ['Jenkinsfile', "environment {\n  SONAR_TOKEN = '{hex:40}'\n  NEXUS = credentials('nexus')\n}\n", [2]],
  [
    'credentials.xml',
    '<com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl>\n  <username>ci</username>\n  <password>{AQAAABAAAAAQ{base64:64}}</password>\n</com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl>\n',
    [3],
  ],
  [
    '.config/filezilla/sitemanager.xml',
    '<Server>\n  <Host>ftp.acme.net</Host>\n  <User>ci</User>\n  <Pass encoding="base64">{base64:12}</Pass>\n</Server>\n',
    [4],
  ],
  [
    '.idea/WebServers.xml',
    '<fileTransfer host="ftp.acme.net" port="22" password="dff{hex:20}" username="ci" />\n',
    [1],
  ],
  [
    '.vscode/sftp.json',
    '{\n  "host": "acme.net",\n  "username": "ci",\n  "password": "{lower:6}{digit:2}"\n}\n',
    [4],
  ],
  ['config.fish', 'set -x ACME_TOKEN {alnum:32}\nset -gx OPENAI_API_KEY "sk-proj-{url:48}"\n', [1, 2]],
  [
    'profile.ps1',
    '$env:ACME_TOKEN = "{alnum:32}"\n[Environment]::SetEnvironmentVariable("DB_PASSWORD", "{letter:6}{digit:3}", "User")\n',
    [1, 2],
  ],
  [
    'crontab',
    '0 3 * * * ci curl -u ci:{lower:6}{digit:3} https://api.acme.net/sync\n15 * * * * ci ACME_TOKEN={alnum:32} /srv/run.sh\n',
    [1, 2],
  ],
  [
    'acme.service',
    '[Service]\nEnvironment="ACME_TOKEN={alnum:32}"\nEnvironment=DB_PASSWORD={lower:6}{digit:2}\nExecStart=/srv/run\n',
    [2, 3],
  ],
  [
    'supervisord.conf',
    '[inet_http_server]\nport=127.0.0.1:9001\nusername=ci\npassword={lower:6}{digit:2}\n',
    [4],
  ],
  ['redis.conf', 'bind 127.0.0.1\nrequirepass {lower:6}{digit:4}\nmasterauth {alnum:20}\n', [2, 3]],
  ['php.ini', 'mysqli.default_pw = {lower:6}{digit:2}\nmemory_limit = 128M\n', [1]],
  [
    '.hgrc',
    '[auth]\nacme.prefix = hg.acme.net\nacme.username = ci\nacme.password = {lower:6}{digit:2}\n',
    [4],
  ],
  ['.gitconfig', '[url "https://ci:{alnum:20}@git.acme.net/"]\n  insteadOf = https://git.acme.net/\n', [1]],
  ['.git/config', '[remote "origin"]\n  url = https://oauth2:glpat-{url:20}@gitlab.com/acme/app.git\n', [2]],
  ['.ovpn/auth.txt', 'ci\n{lower:6}{digit:3}\n', []],
  ['.lftprc', 'open -u ci,{lower:6}{digit:3} ftp.acme.net\n', [1]],
  ['auth.json', '{\n"gitlab-token": {"gitlab.acme.net": "{alnum:20}"}\n}\n', [2]],
  [
    'settings-security.xml',
    '<settingsSecurity>\n  <master>{+{base64:44}}</master>\n</settingsSecurity>\n',
    [2],
  ],
  ['.mbsyncrc', 'Host imap.acme.net\nUser ci\nPass "{lower:6}{digit:2}"\n', [3]],
  ['etc/postfix/sasl_passwd', '[smtp.acme.net]:587 ci@acme.net:{lower:6}{digit:2}\n', [1]],
  ['etc/ppp/chap-secrets', '# client server secret\nci * {lower:6}{digit:2} *\n', [2]],
  ['etc/ipsec.secrets', ': PSK "{lower:6}{digit:2}"\n: RSA server.pem\n', [1]],
  [
    'autounattend.xml',
    '<AdministratorPassword><Value>{letter:6}{digit:2}</Value></AdministratorPassword>\n',
    [1],
  ],
  ['Groups.xml', '<Properties action="U" cpassword="{base64:43}" userName="ci"/>\n', [1]],
  ['tomcat-users.xml', '<user username="ci" password="{lower:8}" roles="manager-gui"/>\n', [1]],
  ['.curlrc', 'user = "ci:{lower:6}{digit:2}"\nuser-agent = "x:y"\n', [1]],
  ['.s3curl', 'ci => {\n  id => "AKIA{base32:16}",\n  key => "{base64:40}",\n', [2, 3]],
  [
    '.bash_history',
    "echo 'ci:{lower:6}{digit:2}' | chpasswd\necho '{lower:6}{digit:2}' | sudo -S ls\n",
    [1, 2],
  ],
  [
    '.bash_history',
    'htpasswd -b .htpasswd ci {lower:6}{digit:2}\nnet use z: \\\\s\\d /user:ci {lower:6}{digit:2}\n',
    [1, 2],
  ],
  [
    '.mozilla/logins.json',
    '{\n"encryptedPassword": "MDoEEPgAAAAAAAAAAAAAAAAAAAEwFAYIKoZIhvcNAwcECJ{base64:30}=="\n}\n',
    [2],
  ],
  [
    'terraform.tfstate',
    '{"type": "random_password", "instances": [{"attributes": {\n"result": "{alnum:20}"}}]}\n',
    [2],
  ],
  ['.profile', 'http_proxy=http://ci:{lower:6}{digit:2}@proxy.acme.net:3128\n', [1]],
  ['lftp/bookmarks', 'acme ftp://ci:{lower:6}{digit:3}@ftp.acme.net\n', [1]],
];

describe('files of a home folder and of old projects', { retry: 2 }, () => {
  it.each(files)('%s: %s', async (path, text, lines) => {
    const seen = [...new Set((await reported(path, text)).map(({ line }) => line))].sort((a, b) => a - b);
    expect(seen).toEqual(lines);
  });
});
