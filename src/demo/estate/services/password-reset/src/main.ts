import { createServer } from 'node:http';
import okta from '@okta/okta-sdk-nodejs';

const client = new okta.Client({
  orgUrl: process.env.OKTA_ORG_URL,
  token: process.env.OKTA_API_TOKEN,
});

// POST /reset?user=ID resets the password of one user.
const server = createServer(async (request, response) => {
  const user: string = new URL(request.url ?? '/', 'http://service').searchParams.get('user') ?? '';
  try {
    await client.userApi.generateResetPasswordToken({ userId: user, sendEmail: false });
    response.writeHead(200).end(JSON.stringify({ reset: user }));
  } catch (error: unknown) {
    response.writeHead(502).end(JSON.stringify({ error: String(error) }));
  }
});

server.listen(Number(process.env.PORT), '127.0.0.1');
