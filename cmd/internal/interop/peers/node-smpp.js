// An SMSC on npm's smpp, on a free port of loopback. It says what it decoded as JSON lines on stdout. Its receipts carry
// the standard's TLVs and come on the bind after the one that took the message; the receipt of the first message is sent
// before its submit_sm_resp.
'use strict';

const smpp = require('smpp');

const entityTag = 0x1400;
const templateTag = 0x1401;
const { SYSTEM_ID: systemID, PASSWORD: password } = process.env;
const sessions = [];
let taken = 0;

const say = (event, facts) => console.log(JSON.stringify({ event, ...facts }));
const two = (n) => String(n).padStart(2, '0');
const ascii = (octets) => (octets ? octets.toString('latin1') : '');

function date(at) {
  return two(at.getUTCFullYear() % 100) + two(at.getUTCMonth() + 1) + two(at.getUTCDate())
    + two(at.getUTCHours()) + two(at.getUTCMinutes());
}

// The element of information 8 is the 16-bit reference, the total and the number of the part (3GPP TS 23.040 §9.2.3.24.8).
function part(elements) {
  for (const e of elements || []) {
    if (e[0] === 0x08 && e[1] === 4) return { reference: e.readUInt16BE(2), total: e[4], part: e[5] };
  }
  return { reference: 0, total: 1, part: 1 };
}

function sendReceipt(session, submit, id) {
  const failed = submit.destination_addr.endsWith('00');
  const now = date(new Date());
  session.deliver_sm({
    esm_class: 0x04,
    source_addr_ton: submit.dest_addr_ton,
    source_addr_npi: submit.dest_addr_npi,
    source_addr: submit.destination_addr,
    dest_addr_ton: submit.source_addr_ton,
    dest_addr_npi: submit.source_addr_npi,
    destination_addr: submit.source_addr,
    short_message: `id:${id} sub:001 dlvrd:${failed ? '000' : '001'} submit date:${now} done date:${now} `
      + `stat:${failed ? 'UNDELIV' : 'DELIVRD'} err:${failed ? '006' : '000'} text:not repeated`,
    receipted_message_id: id,
    message_state: failed ? smpp.MESSAGE_STATE.UNDELIVERABLE : smpp.MESSAGE_STATE.DELIVERED,
  }, (answer) => say('receipt_answered', { id, status: answer.command_status }));
}

function onSubmit(session, submit) {
  const id = `node-${++taken}`;
  const first = taken === 1;
  const { udh, message } = submit.short_message;
  say('submit', {
    id,
    source: submit.source_addr,
    dest: submit.destination_addr,
    text: message,
    entity: ascii(submit[entityTag]),
    template: ascii(submit[templateTag]),
    ...part(udh),
  });
  if (first) sendReceipt(session, submit, id);
  session.send(submit.response({ message_id: id }));
  if (!first) sendReceipt(sessions[(sessions.indexOf(session) + 1) % sessions.length], submit, id);
}

const server = smpp.createServer((session) => {
  session.on('error', (err) => say('fault', { why: String(err) }));
  session.on('close', () => { if (sessions.includes(session)) sessions.splice(sessions.indexOf(session), 1); });
  session.on('unknown', (pdu) => say('fault', { why: `unknown command ${pdu.command_id}` }));
  session.on('bind_transceiver', (bind) => {
    if (bind.system_id !== systemID || bind.password !== password) {
      session.send(bind.response({ command_status: smpp.ESME_RBINDFAIL }));
      return;
    }
    session.send(bind.response({ system_id: 'node-smpp' }));
    sessions.push(session);
    say('bound', { as: bind.command, version: bind.interface_version });
    session.enquire_link(() => say('enquire_link_answered'));
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('submit_sm', (pdu) => onSubmit(session, pdu));
  session.on('unbind', (pdu) => {
    say('unbound');
    session.send(pdu.response());
    session.close();
  });
});
server.listen(0, '127.0.0.1', () => say('listening', { port: server.address().port }));
