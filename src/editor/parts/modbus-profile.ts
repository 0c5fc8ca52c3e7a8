/** Device profiles as the form of a Modbus device shows them: from the library, or typed in and maybe half written. */
import * as z from 'zod/mini';

const optionalText = z.catch(z.optional(z.string()), undefined);
const optionalNumber = z.catch(z.optional(z.number()), undefined);

/** A number that commands need: from the form, by default, or read from the device (point). */
const setting = z.object({
  title: optionalText,
  unit: optionalText,
  default: optionalNumber,
  min: optionalNumber,
  max: optionalNumber,
  point: z.optional(z.unknown()),
  note: optionalText,
});

/** A choice between variants of the device: the words of each value. */
const variant = z.object({
  default: optionalText,
  choices: z.catch(z.record(z.string(), z.string()), {}),
  note: optionalText,
});

const connection = z.object({
  transports: z.catch(z.optional(z.array(z.string())), undefined),
  serial: optionalText,
  port: optionalNumber,
  maxConnections: optionalNumber,
  unitId: optionalNumber,
});

/** Entries that are objects; others are being typed right now. */
const entriesOf = <T>(entry: z.ZodMiniType<T>): z.ZodMiniType<Record<string, T>> =>
  z.pipe(
    z.catch(z.record(z.string(), z.unknown()), {}),
    z.transform((all) =>
      Object.fromEntries(
        Object.entries(all).flatMap(([name, value]) => {
          const read = entry.safeParse(value);
          return read.success ? [[name, read.data] as const] : [];
        }),
      ),
    ),
  );

/** The parts of a profile that the form shows. */
const shownProfile = {
  connection: z.catch(z.optional(connection), undefined),
  params: entriesOf(variant),
  settings: entriesOf(setting),
  commandNote: optionalText,
};

const libraryProfile = z.object({
  id: z.string(),
  title: optionalText,
  class: optionalText,
  /** Mistakes of a profile that cannot be used. */
  mistakes: z.optional(z.array(z.string())),
  commands: z.optional(z.array(z.string())),
  instances: z.catch(z.number(), 1),
  hasBattery: z.optional(z.boolean()),
  ...shownProfile,
});
/** A profile of the library, shipped or in the user directory. */
export type LibraryProfile = z.infer<typeof libraryProfile>;
/** Answer of ems/modbus/profiles. */
export const libraryProfiles = z.array(libraryProfile);

/** A profile as the form shows it; commands and battery are known only of one from the library. */
export type ShownProfile = Pick<LibraryProfile, 'connection' | 'params' | 'settings' | 'commandNote' | 'instances'> &
  Partial<Pick<LibraryProfile, 'commands' | 'hasBattery'>>;

const typedProfile = z.object({
  instances: z.catch(z.optional(z.object({ max: z.number() })), undefined),
  ...shownProfile,
});

/** @returns what the form shows of a profile that was typed in; undefined: it is no JSON yet */
export const readTypedProfile = (json: string): ShownProfile | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const { success, data } = typedProfile.safeParse(value);
  return success ? { ...data, instances: data.instances?.max ?? 1 } : undefined;
};

const transportNames: Record<string, string> = {
  tcp: 'Modbus TCP',
  rtu_tcp: 'RTU over TCP',
  udp: 'Modbus UDP',
  rtu: 'RTU',
  ascii: 'ASCII',
};

/**
 * @param portWord "port" in the language of the editor
 * @returns how a device is usually connected: "Modbus TCP, RTU, 9600 8N1, port 502"; empty: its profile does not say
 */
export const connectionText = (
  { transports = [], serial, port }: z.infer<typeof connection> = {},
  portWord = 'port',
): string =>
  [
    ...transports.map((transport) => transportNames[transport] ?? transport),
    ...(serial === undefined ? [] : [serial]),
    ...(port === undefined ? [] : [`${portWord} ${port}`]),
  ].join(', ');

/**
 * @param say a sentence in the language of the editor, by its key
 * @returns how a device is connected, and which commands its profile takes or why it takes none
 */
export const profileSentences = (
  profile: ShownProfile | undefined,
  say: (key: string, values?: { value: string | number }) => string,
): string[] => {
  const { connection, commands, commandNote } = profile ?? {};
  const told = {
    connection: connectionText(connection, say('port')),
    connections: connection?.maxConnections,
    commands: [...new Set(commands)].join(', '),
  };
  return [
    ...Object.entries(told).flatMap(([key, value]) => (value ? [say(key, { value })] : [])),
    ...(commands?.length === 0 ? [say('readsOnly')] : []),
    ...(commandNote ? [commandNote] : []),
  ];
};
