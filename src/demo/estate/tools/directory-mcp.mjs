// A small MCP server over stdio with one tool: look up a user in the directory.
import { createInterface } from 'node:readline';

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') answer(id, { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'directory', version: '1' } });
  if (method === 'tools/list') answer(id, { tools: [{ name: 'find_user', inputSchema: { type: 'object' } }] });
  if (method === 'tools/call') answer(id, await findUser(params.arguments.user));
}

async function findUser(user) {
  const response = await fetch(`${process.env.OKTA_ORG_URL}/api/v1/users/${encodeURIComponent(user)}`, {
    headers: { Authorization: `SSWS ${process.env.OKTA_API_TOKEN}` },
  });
  return { isError: !response.ok, content: [{ type: 'text', text: response.ok ? (await response.json()).status : `HTTP ${response.status}` }] };
}

function answer(id, result) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
}
