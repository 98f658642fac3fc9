import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { planAcks, ackOf } from './acks.ts';
import type { Device, LocalCopy, Message, Network, PhoneNumber } from './network.ts';
import { chatKey, chatOf } from './numbers.ts';

const SAVE_AFTER_MS = 500;

interface Snapshot {
  counters: Network['counters'];
  numbers: (Omit<PhoneNumber, 'blocked' | 'devices' | 'chats'> & { blocked: string[] })[];
  devices: Omit<Device, 'connection' | 'held'>[];
  log: Message[];
  localCopies: (LocalCopy & { to: string })[];
}

/** Keeps the network in one file, so that numbers, devices and chats survive a restart of its own. */
export function keepInFile(network: Network, file: string): { save(): void; stop(): void } {
  let timer: NodeJS.Timeout | null = null;
  const save = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify(snapshotOf(network)), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  const watcher = (): void => {
    timer ??= setTimeout(save, SAVE_AFTER_MS);
  };
  network.watchers.add(watcher);
  return {
    save,
    stop() {
      network.watchers.delete(watcher);
      save();
    },
  };
}

/** Takes up what an earlier run has kept; a file that is not there is an empty network. */
export function takeUp(network: Network, file: string): void {
  const snapshot = readSnapshot(file);
  if (!snapshot) return;
  Object.assign(network.counters, snapshot.counters);
  for (const number of snapshot.numbers) {
    network.numbers.set(number.phone, {
      ...number,
      blocked: new Set(number.blocked),
      devices: new Set(),
      chats: new Set(),
    });
    network.phonesByLid.set(number.lid, number.phone);
  }
  for (const device of snapshot.devices) {
    network.devices.set(device.id, { ...device, connection: null, held: new Set() });
    network.numbers.get(device.phone)?.devices.add(device.id);
  }
  for (const message of snapshot.log) takeUpMessage(network, message);
  for (const { to, ...copy } of snapshot.localCopies) {
    const phone = network.devices.get(copy.device)?.phone;
    if (phone) chatOf(network, phone, to).localCopies.push(copy);
  }
}

function takeUpMessage(network: Network, message: Message): void {
  const chat = chatOf(network, message.from, message.to);
  chat.messages.push(message);
  chat.sentBy.set(message.from, message.ordinal);
  network.log.push(message);
  if (message.hold === 'reconnect' && message.device) network.devices.get(message.device)?.held.add(message);
  for (const { ack, afterMs } of planAcks(network.settings, message)) {
    if (ack > ackOf(message)) network.agenda.add(message.atMs + afterMs, { message, ack });
  }
}

function readSnapshot(file: string): Snapshot | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Snapshot;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function snapshotOf(network: Network): Snapshot {
  return {
    counters: network.counters,
    numbers: [...network.numbers.values()].map(({ phone, lid, registered, name, since, blocked }) => ({
      phone,
      lid,
      registered,
      name,
      since,
      blocked: [...blocked],
    })),
    devices: [...network.devices.values()].map(
      ({ id, key, phone, linkedAt, lastConnection, lastSession, lastEvent, unconfirmed }) => ({
        id,
        key,
        phone,
        linkedAt,
        lastConnection,
        lastSession,
        lastEvent,
        unconfirmed,
      }),
    ),
    log: network.log,
    localCopies: [...network.devices.values()].flatMap(device => localCopiesOf(network, device)),
  };
}

function localCopiesOf(network: Network, device: Device): Snapshot['localCopies'] {
  const others = [...(network.numbers.get(device.phone)?.chats ?? [])];
  return others.flatMap(to =>
    (network.chats.get(chatKey(device.phone, to))?.localCopies ?? [])
      .filter(copy => copy.device === device.id)
      .map(copy => ({ ...copy, to })),
  );
}
