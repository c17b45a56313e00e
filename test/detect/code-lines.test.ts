import { describe, expect, it } from 'vitest';
import { reported } from './kit.ts';

/** Lines of applications: those that begin with `+` hold a credential. Each is `{letter:6}{digit:3}!` or drawn. */
const files: readonly (readonly [path: string, lines: readonly string[]])[] = [
  [
    'src/main/java/com/acme/Shop.java',
    [
      '+ds.setUsername("app"); ds.setPassword("{letter:6}{digit:3}!");',
      '+new PasswordAuthentication("app", "{letter:6}{digit:3}!".toCharArray())',
      '+Jwts.builder().signWith(SignatureAlgorithm.HS256, "{alnum:32}")',
      '+keyStore.load(in, "{letter:6}{digit:3}!".toCharArray());',
      '+Connection c = DriverManager.getConnection("jdbc:mysql://db/shop", "app", "{letter:6}{digit:3}!");',
      '-user.setPassword(encoder.encode(raw));',
      '-throw new AuthException("Invalid password or token supplied");',
      '-public static final String PASSWORD_REGEX = "^(?=.*[A-Z]).{8,}$";',
      '-private static final String TOKEN_TYPE = "Bearer";',
      '-Assert.state(!env.containsKey("MYSQL_RANDOM_ROOT_PASSWORD"), "MYSQL_RANDOM_ROOT_PASSWORD is not supported");',
    ],
  ],
  [
    'src/Acme.Api/Startup.cs',
    [
      '+client.Credentials = new NetworkCredential("app@acme.net", "{letter:6}{digit:3}!");',
      '+var key = new SymmetricSecurityKey(Encoding.UTF8.GetBytes("{alnum:40}"));',
      '-var password = Configuration["Db:Password"];',
      '-[DataType(DataType.Password)] public string Password { get; set; }',
      '-KV_SECRETS_USER_ROLE="{uuid}"',
    ],
  ],
  [
    'app/shop.php',
    [
      "+$ok = ftp_login($conn, 'app', '{letter:6}{digit:3}!');",
      "+$pdo = new PDO($dsn, 'app', '{letter:6}{digit:3}!');",
      "+$jwt = JWT::encode($payload, '{alnum:32}', 'HS256');",
      "-'password' => 'required|string|min:8|confirmed',",
      "-$key = password('Pusher App Key', 'Enter your Pusher app key');",
    ],
  ],
  [
    'src/lib.rs',
    [
      '+let acme_api_key = String::from("{alnum:32}");',
      '+const ACME_API_KEY: &\'static str = "{alnum:32}";',
      '-let kind = String::from("access_token");',
    ],
  ],
  ['src/Shop.vb', ['+Dim acmeApiKey As String = "{alnum:32}"']],
  ['src/analysis.R', ['+acme_api_key <- "{alnum:32}"', '-acme_api_key <- Sys.getenv("ACME_API_KEY")']],
  ['include/keys.h', ['+#define ACME_API_KEY "{alnum:32}"', '-#define ACME_API_KEY_HEADER "X-Acme-Api-Key"']],
  ['Dockerfile', ['+ENV ACME_API_KEY {alnum:32}', '-ENV ACME_API_KEY_FILE /run/secrets/acme']],
  [
    'tools/cli.py',
    [
      '+parser.add_argument("--acme-api-key", type=str, default="{alnum:32}")',
      '-parser.add_argument("--acme-api-key", type=str, help="the key")',
    ],
  ],
  [
    'src/clients.ts',
    [
      "+const search = new ShodanClient('{alnum:32}');",
      '+const desk = new API("acme.freshdesk.com", "{alnum:20}");',
      "-intent.client_secret = 'pi_{alnum:24}_secret_{alnum:25}';",
      "-roles.add([users.viewer.name, users.viewer.password, 'graph/inventory/services?orgId=1']);",
    ],
  ],
  [
    '.env',
    [
      '+OKTA_API_TOKEN=00{alnum:40}',
      '-OKTA_API_TOKEN=00{alnum:39}',
      '+WAVEFRONT_TOKEN={uuid}',
      '-WAVEFRONT_TOKEN={uuid}0',
    ],
  ],
  [
    'server/auth.js',
    [
      "+const token = jwt.sign({ id }, '{letter:6}{digit:4}!');",
      "+const digest = crypto.createHmac('sha256', '{alnum:24}').update(data).digest('hex');",
      '-const token = jwt.sign({ id }, config.secret);',
      "-assert.equal(security.hash('password'), '{hex:32}')",
      '-bindKey: bindKey("Ctrl-A", "Command-A"),',
      "-pass('the queue is empty');",
      "-send({ token: 'rO0ABXNy{base64:80}' });",
    ],
  ],
  [
    'app/settings.py',
    [
      "+EMAIL_HOST_PASSWORD = '{letter:6}{digit:3}!'",
      "+requests.get(url, auth=('app', '{letter:6}{digit:3}!'))",
      '+server.login("app@acme.net", "{letter:6}{digit:3}!")',
      '-server.login(user, password)',
      "-password = forms.CharField(label='Password', widget=forms.PasswordInput)",
    ],
  ],
  [
    'cmd/main.go',
    [
      '+req.SetBasicAuth("app", "{letter:6}{digit:3}!")',
      '+db, err := sql.Open("mysql", "app:{letter:6}{digit:3}@tcp(db:3306)/shop")',
      '+var signingKey = []byte("{alnum:32}")',
      '-req.SetBasicAuth(user, pass)',
      '-flag.StringVar(&password, "password", "", "password of the database user")',
    ],
  ],
  [
    'schema.sql',
    [
      "+CREATE USER 'app'@'%' IDENTIFIED BY '{letter:6}{digit:3}!';",
      "+ALTER ROLE app WITH PASSWORD '{letter:6}{digit:3}!';",
      "-INSERT INTO users (id, password_hash) VALUES (1, '$2a$10${alnum:53}');",
    ],
  ],
  ['.github/workflows/image.yaml', ['-run: docker run -u $(id -u):$(id -g) -v $(pwd):/src -w /src acme']],
];

describe('lines of applications', { retry: 2 }, () => {
  it.each(files)('%s', async (path, lines) => {
    const text = lines.map((line) => `${line.slice(1)}\n`).join('');
    const seen = [...new Set((await reported(path, text)).map(({ line }) => lines[line - 1]))];
    expect(seen).toEqual(lines.filter((line) => line.startsWith('+')));
  });
});

describe('what people read', () => {
  it.each([
    ['web/i18n/de_DE.json', '{\n  "LABEL_PASSWORD": "Passwort",\n  "username": "Benutzername"\n}\n'],
    ['src/main/resources/messages_nl.properties', 'username=Gebruikersnaam\npassword=Wachtwoord\n'],
    [
      'lang/pl/app.php',
      "<?php\nreturn ['user' => 'Nazwa', 'api-key' => 'Klucz API', 'password' => 'Haslo'];\n",
    ],
    ['app/errors.json', '{\n  "password": "Le mot de passe est incorrect",\n  "secret": "contraseña"\n}\n'],
    ['secrets.enc.yaml', 'db_password: ENC[AES256_GCM,data:{base64:20}=,iv:{base64:43}=,type:str]\n'],
    ['sealed.yaml', 'kind: SealedSecret\nspec:\n  encryptedData:\n    password: AgB{base64:300}\n'],
    ['api/swagger.yaml', 'x: 1\njoin: SWMTKN-1-{lownum:50}-{lownum:25}\n'],
    ['composer.json', '{"require": {"acme/laravel-password": "^1.0"}}\n'],
    ['.secrets.baseline', '{\n  "hashed_secret": "{hex:40}"\n}\n'],
  ])('%s', async (path, text) => {
    expect(await reported(path, text)).toEqual([]);
  });
});

describe('words as passwords', () => {
  it.each([
    ['beside their user', 'config/app.yml', 'user: app\npassword: gardenkettle\n', [2]],
    ['in settings', '.env', 'MAIL_PASSWORD=winterharbor\n', [1]],
    ['not as labels', 'config/form.yml', 'user: required\npassword: required\n', []],
    ['not as stand-ins', '.env', 'DB_USER=app\nDB_PASSWORD=changeme\n', []],
  ])('%s', async (_, path, text, lines) => {
    expect((await reported(path, text)).map(({ line }) => line)).toEqual(lines);
  });
});
