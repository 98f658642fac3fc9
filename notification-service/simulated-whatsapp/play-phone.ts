import { acceptMessage } from './accept-message.ts';
import { markRead } from './acks.ts';
import { realNowMs } from './calendar.ts';
import type { Body } from './control-bodies.ts';
import { linkDevice } from './links.ts';
import { keepMedia } from './media-box.ts';
import { changed, type Device, type Message, type Network, type WaitingDevice } from './network.ts';
import { numberOf, phoneBehind } from './numbers.ts';
import { Refusal } from './refusal.ts';

/** The phone's camera sees the QR of a waiting device. */
export function scan(network: Network, deviceId: string, phone: string): Device {
  const waiting = network.waiting.get(deviceId);
  if (!waiting) {
    if (network.devices.has(deviceId)) throw new Refusal(409, 'This device is linked already.');
    throw new Refusal(404, 'No device waits under this id.');
  }
  return link(network, waiting, phone);
}

/** The code is typed on the phone that it was made for. */
export function typeCode(network: Network, code: string, phone: string): Device {
  const wanted = code.replace(/[\s-]/g, '').toUpperCase();
  const waiting = [...network.waiting.values()].find(device => device.pairing?.code === wanted);
  if (!waiting) throw new Refusal(404, 'Nobody waits for this code.');
  if (waiting.pairing?.phone !== phone) throw new Refusal(409, 'This code was made for another phone.');
  return link(network, waiting, phone);
}

/**
 * Somebody writes by hand: an incoming message for whom it is for, and one from themselves for their own linked
 * devices. Who answers has read what was written before.
 */
export function say(network: Network, phone: string, said: Body<'say'>): Message {
  const to = knownPhone(network, said.to);
  if (!numberOf(network, phone).registered)
    throw new Refusal(409, 'The phone that speaks is not on WhatsApp.');
  if (!numberOf(network, to).registered) throw new Refusal(409, 'The phone spoken to is not on WhatsApp.');
  markRead(network, phone, to);
  const media = said.media ? keepMedia(network, said.media) : null;
  return acceptMessage(
    network,
    {
      device: null,
      connection: null,
      from: phone,
      to,
      kind: media?.kind ?? said.kind,
      text: said.text,
      media,
      quoted: said.quoted ?? null,
      addressing: said.from,
    },
    realNowMs(),
  );
}

/** Messages of a blocked phone never reach this one; the sender is not told. */
export function block(network: Network, phone: string, from: string, blocked: boolean): void {
  const { blocked: list } = numberOf(network, phone);
  if (blocked) list.add(knownPhone(network, from));
  else list.delete(knownPhone(network, from));
  changed(network);
}

/** The phone behind what somebody typed; 404 for a hidden id that nobody has. */
export function knownPhone(network: Network, address: string): string {
  const phone = phoneBehind(network, address);
  if (!phone) throw new Refusal(404, `Nobody is known under ${address}.`);
  return phone;
}

function link(network: Network, waiting: WaitingDevice, phone: string): Device {
  if (!numberOf(network, phone).registered) throw new Refusal(409, 'This phone is not on WhatsApp.');
  return linkDevice(network, waiting, phone);
}
