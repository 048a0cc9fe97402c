// A tenant on the JavaScript NATS client. It reads a job from stdin (where, who, requests, what must be refused), does
// it, and says as JSON lines on stdout what came of it; then it follows its statuses until the server goes away.
'use strict';

const { connect } = require('@nats-io/transport-node');
const { jetstream } = require('@nats-io/jetstream');

const say = (event, facts) => console.log(JSON.stringify({ event, ...facts }));

// Violations of permissions come to the connection, not to who asked.
async function watch(nc) {
  for await (const s of nc.status()) {
    if (s.type === 'error') say('refused', { why: s.error.message });
  }
}

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const job = JSON.parse(Buffer.concat(chunks).toString());
  const nc = await connect({ servers: job.server, user: job.user, pass: job.password, reconnect: false });
  watch(nc);
  nc.subscribe(`sms.${job.user}.status.>`, {
    callback: (err, m) => {
      if (err) say('fault', { why: String(err) });
      else say('status', { subject: m.subject, status: m.json() });
    },
  });
  await nc.flush();
  const js = jetstream(nc);
  for (const r of job.requests) {
    const ack = await js.publish(`sms.${job.user}.send.${r.class}`, r.body, { msgID: r.id });
    say('published', { id: r.id, stream: ack.stream, seq: ack.seq, duplicate: ack.duplicate });
  }
  for (const r of job.forbidden.publish) nc.publish(r.subject, r.body);
  for (const subject of job.forbidden.subscribe) {
    nc.subscribe(subject, { callback: (err, m) => { if (!err) say('overheard', { subject: m.subject }); } });
  }
  await nc.flush();
  say('done');
  await nc.closed();
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
