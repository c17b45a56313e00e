import { describe, expect, it } from 'vitest';
import { reported } from './kit.ts';

/** Files that a home folder or an old project holds, with weak passwords, and the lines that hold a credential. */
const files: readonly (readonly [path: string, text: string, lines: readonly number[]])[] = [
  ['.netrc', 'machine git.acme.net\nlogin ci\npassword {lower:6}{digit:2}\n', [3]],
  [
    '.npmrc',
    'registry=https://npm.acme.net/\n//npm.acme.net/:_authToken={alnum:8}-{alnum:10}\nemail=ci@acme.net\n',
    [2],
  ],
  ['.npmrc', '_auth={lower:8}{digit:4}\nalways-auth=true\n', [1]],
  ['.pypirc', '[pypi]\nusername: ci\npassword: {lower:6}{digit:2}\n', [3]],
  ['.git-credentials', 'https://ci:{lower:7}{digit:1}@git.acme.net\n', [1]],
  [
    '.dockercfg',
    '{\n  "https://index.acme.net/v1/": {\n    "auth": "{alnum:20}",\n    "email": "ci@acme.net"\n  }\n}\n',
    [3],
  ],
  [
    '.docker/config.json',
    '{\n  "auths": {\n    "registry.acme.net": {\n      "auth": "{alnum:24}"\n    }\n  }\n}\n',
    [4],
  ],
  ['.htpasswd', 'admin:$apr1${alnum:8}${alnum:22}\n', [1]],
  ['etc/shadow', 'root:$6${alnum:8}${alnum:86}:18000:0:99999:7:::\nbin:*:18000:0:99999:7:::\n', [1]],
  ['.pgpass', 'db.acme.net:5432:app:app:{lower:6}{digit:2}\n', [1]],
  ['.s3cfg', '[default]\naccess_key = \nsecret_key = {alnum:40}\nuse_https = True\n', [3]],
  ['.aws/credentials', '[default]\naws_secret_access_key = {alnum:40}\n', [2]],
  ['.bash_history', 'ls -la\nmysql -u root -p{lower:6}{digit:3} app\ncd ..\n', [2]],
  ['.bash_history', 'cd src\nexport API_TOKEN={hex:32}\nmake\n', [2]],
  ['.bash_history', "sshpass -p '{lower:6}{digit:3}' ssh app@host.acme.net\n", [1]],
  ['.bash_history', 'curl -u admin:{lower:6}{digit:3} https://api.acme.net/v1\n', [1]],
  [
    '.bashrc',
    '# tools\nexport PATH=$PATH:/opt/bin\nexport SERVICE_PASSWORD={lower:6}{digit:2}\nexport BUILD_TOKEN={hex:40}\n',
    [3, 4],
  ],
  ['.zshrc', 'alias ll="ls -l"\nexport ACME_API_KEY="{alnum:32}"\n', [2]],
  [
    'web/wp-config.php',
    "<?php\ndefine('DB_NAME', 'shop');\ndefine('DB_PASSWORD', '{lower:6}{digit:2}');\ndefine('AUTH_KEY', '{alnum:64}');\n",
    [3, 4],
  ],
  ['web/config.php', "<?php\n$db_user = 'shop';\n$db_password = '{lower:6}{digit:2}';\n", [3]],
  [
    'filezilla/recentservers.xml',
    '<Server>\n  <Host>ftp.acme.net</Host>\n  <User>ci</User>\n  <Pass encoding="base64">{alnum:12}</Pass>\n</Server>\n',
    [4],
  ],
  ['filezilla.xml', '<Server>\n  <Pass>{lower:6}{digit:2}</Pass>\n</Server>\n', [2]],
  [
    'sftp-config.json',
    '{\n  "host": "ftp.acme.net",\n  "user": "ci",\n  "password": "{lower:6}{digit:2}",\n  "port": "22"\n}\n',
    [4],
  ],
  [
    '.ftpconfig',
    '{\n  "host": "ftp.acme.net",\n  "pass": "{lower:6}{digit:2}",\n  "passphrase": ""\n}\n',
    [3],
  ],
  [
    '.remote-sync.json',
    '{\n  "hostname": "host.acme.net",\n  "password": "{lower:6}{digit:2}",\n  "target": "/srv"\n}\n',
    [3],
  ],
  [
    '.esmtprc',
    'identity ci@acme.net\nhostname mail.acme.net:587\nusername "ci"\npassword "{lower:6}{digit:2}"\n',
    [4],
  ],
  ['.msmtprc', 'account acme\nuser ci\npassword {lower:6}{digit:2}\n', [3]],
  ['.tugboat', 'authentication:\n  access_token: {hex:64}\nssh:\n  ssh_user: root\n', [2]],
  ['.config/hub', 'github.com:\n- user: ci\n  oauth_token: {hex:40}\n  protocol: https\n', [3]],
  ['heroku.json', '{\n  "HEROKU_API_KEY": "{uuid}",\n  "app": "shop"\n}\n', [2]],
  ['ventrilo_srv.ini', '[Server]\nName=Acme\nAdminPassword={lower:6}{digit:2}\nPassword={lower:8}\n', [3, 4]],
  ['proftpdpasswd', 'ci:$1${alnum:8}${alnum:22}:1000:1000::/srv:/bin/false\n', [1]],
  [
    '.ssh/id_rsa',
    '-----BEGIN RSA PRIVATE KEY-----\n{base64:64}\n{base64:64}\n{base64:64}\n-----END RSA PRIVATE KEY-----\n',
    [1],
  ],
  [
    'robomongo.json',
    '{\n  "connections": [{\n    "credentials": [{\n      "userName": "app",\n      "userPassword": "{lower:6}{digit:2}"\n    }]\n  }]\n}\n',
    [5],
  ],
  [
    'deployment-config.json',
    '{\n  "host": "ftp.acme.net",\n  "username": "ci",\n  "password": "{lower:6}{digit:2}"\n}\n',
    [4],
  ],
  [
    '.irssi/config',
    'chatnets = {\n  acme = {\n    sasl_username = "ci";\n    sasl_password = "{lower:6}{digit:2}";\n  };\n};\n',
    [4],
  ],
  ['.xchat2/servlist_.conf', 'N=Acme\nI=ci\nP={lower:6}{digit:2}\nS=irc.acme.net/6697\n', [3]],
  [
    '.dbeaver/data-sources.xml',
    '<data-source id="a">\n  <connection host="db.acme.net" user="app" password="{lower:6}{digit:2}"/>\n</data-source>\n',
    [2],
  ],
  [
    '.mozilla/logins.json',
    '{\n  "logins": [{\n    "encryptedUsername": "{base64:48}",\n    "encryptedPassword": "{base64:56}"\n  }]\n}\n',
    [4],
  ],
  [
    'salesforce.js',
    "const conn = new jsforce.Connection();\nconst username = 'ci@acme.net';\nconst password = '{letter:6}{digit:3}!';\nconst securityToken = '{alnum:24}';\n",
    [3, 4],
  ],
  [
    'config/mongoid.yml',
    'production:\n  sessions:\n    default:\n      username: app\n      password: {lower:6}{digit:2}\n',
    [5],
  ],
  ['config/secrets.yml', 'production:\n  secret_key_base: {hex:128}\n', [2]],
  [
    'config/database.yml',
    'production:\n  username: app\n  password: {lower:6}{digit:2}\n  host: db.acme.net\n',
    [3],
  ],
  ['.env', 'DB_HOST=db.acme.net\nDB_PASSWORD={lower:6}{digit:2}\nAPP_SECRET={hex:32}\n', [2, 3]],
  [
    'settings.py',
    "DEBUG = True\nSECRET_KEY = '{alnum:50}'\nDATABASES = {'default': {'USER': 'app', 'PASSWORD': '{letter:6}{digit:3}'}}\n",
    [2, 3],
  ],
  ['config.json', '{\n  "db": {\n    "user": "app",\n    "password": "{lower:6}{digit:2}"\n  }\n}\n', [4]],
  ['.kube/config', 'users:\n- name: admin\n  user:\n    token: {alnum:40}\n', [4]],
  ['.jupyter/jupyter_notebook_config.py', "c.NotebookApp.token = '{hex:48}'\n", [1]],
  [
    '.ssh/host.ppk',
    'PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: ci\nPublic-Lines: 1\n{base64:64}\nPrivate-Lines: 2\n{base64:64}\n{base64:40}\nPrivate-MAC: {hex:40}\n',
    [7],
  ],
  ['desk.rdp', 'full address:s:host.acme.net\nusername:s:ci\npassword 51:b:{hexup:120}\n', [3]],
  ['.vnc/host.vnc', '[Connection]\nHost=host.acme.net\nPassword={hex:16}\n', [3]],
];

describe('files of credentials', { retry: 2 }, () => {
  it.each(files)('%s', async (path, text, lines) => {
    const found = await reported(path, text);
    const seen = new Set(found.map(({ line }) => line));
    expect(lines.filter((line) => !seen.has(line))).toEqual([]);
    expect([...seen].filter((line) => !lines.includes(line))).toEqual([]);
  });
});
