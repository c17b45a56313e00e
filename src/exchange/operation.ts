/**
 * Names a request without naming what it was about: method and path, segments that look like ids replaced.
 * `POST /api/v1/users/00u1/lifecycle/reset_password` gives `POST /api/v1/users/{id}/lifecycle/reset_password`.
 */
export function toOperation(method: string, path: string): string {
  const segments = path.split('/');
  const replaced = segments.map((segment, at) => (isId(segment, segments[at - 1]) ? '{id}' : segment));
  return `${method.toUpperCase()} ${replaced.join('/')}`;
}

function isId(segment: string, before: string | undefined): boolean {
  if (segment === '' || /^v\d+$/.test(segment)) return false;
  // What follows a collection (`users`) is one of its members, whatever it looks like.
  if (before !== undefined && /[a-z]s$/.test(before) && !before.endsWith('ss')) return true;
  return segment.length > 40 || !/^[A-Za-z][A-Za-z_.-]*$/.test(segment);
}
