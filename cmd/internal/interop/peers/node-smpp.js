// An SMSC on npm's smpp, on two free ports of loopback: a plain one, and one with TLS that asks for the client's
// certificate. It says what it decoded as JSON lines on stdout, texts put together from their parts. One account may be
// several SMSCs to its owner: the system_type of a bind says which. Its receipts carry the standard's TLVs and come on
// the SMSC's bind after the one that took the message; the receipt of an SMSC's first message is sent before its
// submit_sm_resp.
'use strict';

const fs = require('fs');
const smpp = require('smpp');

const entityTag = 0x1400;
const templateTag = 0x1401;
const { SYSTEM_ID: systemID, PASSWORD: password, TLS_DIR: tlsDir } = process.env;
const smscs = new Map(); // by system_type: its sessions, how many messages it took, the parts that wait for others

const say = (event, facts) => console.log(JSON.stringify({ event, ...facts }));
const two = (n) => String(n).padStart(2, '0');
const ascii = (octets) => (octets ? octets.toString('latin1') : '');

function date(at) {
  return two(at.getUTCFullYear() % 100) + two(at.getUTCMonth() + 1) + two(at.getUTCDate())
    + two(at.getUTCHours()) + two(at.getUTCMinutes());
}

// Parts are joined by SAR TLVs (SMPP 3.4 §5.3.2.22-24), or by the element of information 8 of the user data header: the
// 16-bit reference, the total and the number of the part (3GPP TS 23.040 §9.2.3.24.8).
function partOf(submit) {
  if (submit.sar_total_segments !== undefined) {
    const { sar_msg_ref_num: reference, sar_total_segments: total, sar_segment_seqnum: part } = submit;
    return { by: 'sar', reference, total, part };
  }
  for (const e of submit.short_message.udh || []) {
    if (e[0] === 0x08 && e[1] === 4) return { by: 'udh', reference: e.readUInt16BE(2), total: e[4], part: e[5] };
  }
  return { by: submit.message_payload ? 'payload' : 'short_message', reference: 0, total: 1, part: 1 };
}

// join keeps a part, and says the text when it is whole.
function join(smsc, submit, part) {
  const text = (submit.message_payload || submit.short_message).message;
  const key = `${submit.destination_addr}/${part.reference}`;
  const parts = smsc.parts.get(key) || [];
  smsc.parts.set(key, parts);
  parts[part.part - 1] = text;
  if (parts.filter((p) => p !== undefined).length < part.total) return;
  smsc.parts.delete(key);
  say('message', { dest: submit.destination_addr, text: parts.join('') });
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
  const { smsc } = session;
  const id = `${smsc.name}-${++smsc.taken}`;
  const first = smsc.taken === 1;
  const part = partOf(submit);
  say('submit', {
    smsc: smsc.name,
    id,
    source: submit.source_addr,
    dest: submit.destination_addr,
    entity: ascii(submit[entityTag]),
    template: ascii(submit[templateTag]),
    ...part,
  });
  join(smsc, submit, part);
  if (first) sendReceipt(session, submit, id);
  session.send(submit.response({ message_id: id }));
  if (!first) sendReceipt(smsc.sessions[(smsc.sessions.indexOf(session) + 1) % smsc.sessions.length], submit, id);
}

function onBind(session, bind) {
  if (bind.system_id !== systemID || bind.password !== password) {
    session.send(bind.response({ command_status: smpp.ESME_RBINDFAIL }));
    return;
  }
  const name = bind.system_type;
  if (!smscs.has(name)) smscs.set(name, { name, sessions: [], taken: 0, parts: new Map() });
  session.smsc = smscs.get(name);
  session.smsc.sessions.push(session);
  session.send(bind.response({ system_id: 'node-smpp' }));
  const { socket } = session;
  const secure = socket.encrypted ? {
    tls: socket.getProtocol(),
    asked_for: socket.servername,
    client: socket.authorized ? socket.getPeerCertificate().subject.CN : '',
  } : {};
  say('bound', { smsc: name, as: bind.command, version: bind.interface_version, from: socket.remoteAddress, ...secure });
  session.enquire_link(() => say('enquire_link_answered'));
}

function onSession(session) {
  session.on('error', (err) => say('fault', { why: String(err) }));
  session.on('close', () => {
    if (session.smsc) session.smsc.sessions.splice(session.smsc.sessions.indexOf(session), 1);
  });
  session.on('unknown', (pdu) => say('fault', { why: `unknown command ${pdu.command_id}` }));
  session.on('bind_transceiver', (bind) => onBind(session, bind));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('submit_sm', (pdu) => onSubmit(session, pdu));
  session.on('unbind', (pdu) => {
    say('unbound');
    session.send(pdu.response());
    session.close();
  });
}

const pem = (name) => fs.readFileSync(`${tlsDir}/${name}.pem`);
const plain = smpp.createServer(onSession);
const secure = smpp.createServer({
  cert: pem('server'), key: pem('server-key'), ca: pem('ca'), requestCert: true, rejectUnauthorized: true,
}, onSession);
secure.on('tlsClientError', (err) => say('fault', { why: String(err) }));
plain.listen(0, '127.0.0.1', () => secure.listen(0, '127.0.0.1', () => {
  say('listening', { port: plain.address().port, tls_port: secure.address().port });
}));
