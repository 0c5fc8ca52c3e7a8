/**
 * SendLocalList, GetLocalListVersion and the variables of the local authorization list: the list of id tokens in a station,
 * with which the station decides by itself while it has no connection (OCPP 1.6 §3.5.2; OCPP 2.0.1 part 2, D01). The list
 * is sent only where it is another one, or the station does not have it, in as many messages as the station wants.
 */
import { createHash } from 'node:crypto';
import { guessTokenType } from '../codec/id-token-2.ts';
import { createStatuses } from '../codec/outbound.ts';
import type { IdToken, StationRequest, StationResult, Version } from '../messages.ts';
import type { SendOptions } from '../station/calls.ts';
import type { DeviceVariables, Setter } from '../station/device-variables.ts';
import type { FactStore } from '../station/station-facts.ts';
import type { ListedIdToken } from './authorize.ts';

type SendList = Extract<StationRequest, { kind: 'send_local_list' }>;
type ListRequest = SendList | Extract<StationRequest, { kind: 'local_list_version' }>;
type Entry = SendList['tokens'][number];

/** Names of the variables of the local authorization list. */
interface LocalListVariableNames {
  available: string | undefined;
  most: string | undefined;
  items: string;
  bytes: string | undefined;
  /** Variables that make the station use its list, with a connection and without. */
  switches: string[];
}

/** OCPP 1.6 §9; 2.0.1 part 2, appendices. */
const names16: LocalListVariableNames = {
  available: undefined,
  most: 'LocalAuthListMaxLength',
  items: 'SendLocalListMaxLength',
  bytes: undefined,
  switches: ['LocalAuthListEnabled', 'LocalAuthorizeOffline'],
};
const names2: LocalListVariableNames = {
  available: 'LocalAuthListCtrlr.Available',
  // The most that it may hold is told in reports only.
  most: undefined,
  items: 'LocalAuthListCtrlr.ItemsPerMessage',
  bytes: 'LocalAuthListCtrlr.BytesPerMessage',
  switches: ['LocalAuthListCtrlr.Enabled', 'AuthCtrlr.LocalAuthorizeOffline'],
};

const localListNamesOf = (version: Version): LocalListVariableNames => (version === '1.6' ? names16 : names2);

/** Names of the variables of the local list that are read when a station is made ready. */
export const localListVariables = (version: Version): string[] => {
  const { available, most, items, bytes, switches } = localListNamesOf(version);
  return [available, most, items, bytes, ...switches].filter((name) => name !== undefined);
};

/** Sets the variables that make the station look up id tokens in its list, where they are off. */
export const enableLocalList = async (settings: DeviceVariables, set: Setter): Promise<void> => {
  for (const name of localListNamesOf(settings.version).switches)
    if (settings.flag(name) === false && settings.isOpen(name)) await set(name, 'true');
};

/** Limits for a station that does not say its own. */
const usualItems = 50;
const usualMost = 1000;
/** Size of one entry of OCPP 2.x on the wire, bytes. */
const entryBytes = 220;

const entryOf = ({ id, type = guessTokenType(id), expiresAt }: ListedIdToken): Entry => {
  const token: IdToken = { id, type };
  return { token, ...(expiresAt === undefined ? {} : { expiresAt }) };
};

const digestOf = (entries: Entry[]): string =>
  createHash('sha256').update(JSON.stringify(entries)).digest('base64url').slice(0, 16);

/** The statuses of the answer to SendLocalList; of OCPP 2.x SendLocalListStatusEnumType. */
export const listStatuses = createStatuses({ Failed: 'rejected', VersionMismatch: 'rejected' });

type Ask = (request: ListRequest, options?: SendOptions) => Promise<StationResult | undefined>;

/** The version of the list that is in the station (OCPP 1.6 §5.10, OCPP 2.0.1 D02). @returns undefined: it does not tell */
const heldVersion = async (factStore: FactStore, ask: Ask): Promise<number | undefined> => {
  const { boot, silent } = factStore.facts;
  const firmware = boot?.firmware ?? '';
  const kinds = silent?.firmware === firmware ? silent.kinds : [];
  const kind = 'local_list_version';
  if (kinds.includes(kind)) return undefined;
  const result = await ask({ kind });
  // One that is silent is not asked again until its firmware is another.
  if (!result) factStore.note({ silent: { firmware, kinds: [...kinds, kind] } });
  return result?.listVersion;
};

/**
 * @param tags those that may charge; none: whatever was told before is taken out again
 * @param ask undefined: the station is silent
 */
export const sendLocalList = async (
  tags: ListedIdToken[],
  settings: DeviceVariables,
  { factStore, ask }: { factStore: FactStore; ask: Ask },
): Promise<void> => {
  const { localList, features, boot } = factStore.facts;
  const names = localListNamesOf(settings.version);
  const firmware = boot?.firmware ?? '';
  if (features ? !features.includes('localauthlistmanagement') : settings.flag(names.available) === false) return;
  const most = settings.number(names.most) || usualMost;
  const entries = tags
    .filter(({ isBlocked }) => !isBlocked)
    .map(entryOf)
    .slice(0, most);
  if (entries.length === 0 && localList === undefined) return;
  const digest = digestOf(entries);
  if (localList?.refused === firmware) return;
  const held = await heldVersion(factStore, ask);
  const isEmptied = entries.length === 0 && held !== undefined && held <= 0;
  const isHeld = held === undefined || held === localList?.version || isEmptied;
  if (digest === localList?.digest && isHeld) return;
  const bytes = settings.number(names.bytes) ?? Number.POSITIVE_INFINITY;
  const items = Math.max(1, Math.min(settings.number(names.items) || usualItems, Math.floor(bytes / entryBytes)));
  let version = Math.max(0, localList?.version ?? 0, held ?? 0);
  for (let from = 0; from === 0 || from < entries.length; from += items) {
    version++;
    const tokens = entries.slice(from, from + items);
    const result = await ask(
      { kind: 'send_local_list', version, isUpdate: from > 0, tokens },
      { statuses: listStatuses },
    );
    if (result?.status === 'not_supported')
      factStore.note({ localList: { version: 0, digest: '', refused: firmware } });
    if (result?.status !== 'accepted' && result?.status !== 'done') return;
  }
  factStore.note({ localList: { version, digest } });
};
