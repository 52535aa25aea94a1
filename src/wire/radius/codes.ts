/** Packet codes and the attribute types that our own code names (RFC 2865, 2869, 3162). */

export const code = {
  accessRequest: 1,
  accessAccept: 2,
  accessReject: 3,
  accountingRequest: 4,
  accessChallenge: 11,
  statusServer: 12,
} as const;

export const attributeType = {
  userName: 1,
  userPassword: 2,
  chapPassword: 3,
  nasIpAddress: 4,
  nasPort: 5,
  serviceType: 6,
  framedIpAddress: 8,
  filterId: 11,
  replyMessage: 18,
  state: 24,
  class: 25,
  vendorSpecific: 26,
  sessionTimeout: 27,
  callingStationId: 31,
  nasIdentifier: 32,
  proxyState: 33,
  prompt: 76,
  eapMessage: 79,
  messageAuthenticator: 80,
  nasIpv6Address: 95,
} as const;
