import { stopWaiting } from './links.ts';
import { changed, type Network } from './network.ts';
import { DEFAULT_PAGE } from './web-page/page-settings.ts';

/** Empty again, as on the first day: every device is unlinked, and the seed begins anew. */
export function resetNetwork(network: Network): void {
  stopTimers(network);
  for (const waiting of [...network.waiting.values()]) {
    stopWaiting(network, waiting);
    waiting.connection.end('link_timeout');
  }
  for (const device of network.devices.values()) device.connection?.end('unlinked');
  for (const map of [network.devices, network.numbers, network.phonesByLid, network.chats, network.media])
    map.clear();
  network.log.length = 0;
  network.overlaps.length = 0;
  network.faults.clear();
  network.counters.device = 0;
  Object.assign(network.page, DEFAULT_PAGE);
  network.record({ reset: true });
  changed(network);
}

/** Nothing that is due or slow will happen any more. */
export function stopTimers(network: Network): void {
  network.agenda.clear();
  for (const timer of network.slowSends) clearTimeout(timer);
  network.slowSends.clear();
}
