import { BlockList, isIP } from 'node:net';

/**
 * Whether an IP address belongs to the public internet. IPv6 is public only inside 2000::/3, which leaves out loopback,
 * link-local, unique-local, IPv4-mapped and NAT64 addresses by itself.
 */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !closed.check(address, 'ipv4');
  return (
    version === 6 && !address.includes('%') && open.check(address, 'ipv6') && !closed.check(address, 'ipv6')
  );
}

const open = new BlockList();
open.addSubnet('2000::', 3, 'ipv6');

const closed = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // a cloud's metadata service outside the private ranges
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  closed.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['2001::', 23], // Teredo and other protocol assignments
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4: an IPv4 address inside
  ['3fff::', 20],
] as const) {
  closed.addSubnet(net, bits, 'ipv6');
}

/**
 * Reads an address given by an admin: http or https, ports 80 and 443, no user name in it. The URL parser has already
 * turned decimal, octal and hexadecimal forms of an IPv4 address into the usual one. Null when it is not of this form.
 */
export function fetchableUrl(text: string): URL | null {
  if (!URL.canParse(text) || text.length > 2_048) return null;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  // A port that is the protocol's own reads as empty.
  if (!['', '80', '443'].includes(url.port) || url.username !== '' || url.password !== '') return null;
  return url;
}

/** The host without the brackets of an IPv6 address. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');
