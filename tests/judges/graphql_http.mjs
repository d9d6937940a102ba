// Runs graphql-http's audit suite against URL (argv 2) with the bearer token (argv 3).
// Prints one line per audit that is not "ok", then a summary; exits 1 at any warning or error. A notice is an optional
// feature that is absent: we take no queries over GET.
import { serverAudits } from 'graphql-http';

const [url, token] = process.argv.slice(2);
const fetchFn = (target, init = {}) =>
  fetch(target, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });

const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
for (const audit of serverAudits({ url, fetchFn })) {
  const result = await audit.fn();
  const status = result.status in counts ? result.status : 'error';
  counts[status] += 1;
  if (status !== 'ok') console.log(`${status} ${audit.id} ${audit.name}: ${result.reason}`);
}
console.log(`audits: ${counts.ok} ok, ${counts.notice} notices, ${counts.warn} warnings, ${counts.error} errors`);
process.exit(counts.warn + counts.error === 0 && counts.ok > 0 ? 0 : 1);
