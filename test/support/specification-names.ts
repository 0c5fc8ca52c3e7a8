/** Names of specifications, and the places where a reader who searches for one of them should end. */

/** The names of one specification. */
export interface SpecificationNames {
  specification: string;
  /** Folder in which the names are handled. */
  folder: string;
  /**
   * Parts of the folder that name every message: they translate, describe, connect the blocks, relay calls or answer
   * stations that nobody has approved.
   */
  besides: RegExp;
  /** block: exactly one block handles the name; files: each of these names it. */
  names: Record<string, 'block' | string[]>;
}

const eachInOneBlock = (...names: string[]): Record<string, 'block'> =>
  Object.fromEntries(names.map((name) => [name, 'block']));

/** Operations, functions, packets and classes by the names of their specifications. */
export const specificationNames: SpecificationNames[] = [
  {
    specification: 'OCPP',
    folder: 'src/drivers/ocpp',
    besides:
      /^src\/drivers\/ocpp\/(codec\/|ocpp-j\/|forwarding\/|approval\/|(message(s|-handlers)|driver|index|quirks)\.ts$)/,
    // Messages of OCPP 1.6 and 2.0.1; an operation that has another name in each version has both.
    names: eachInOneBlock(
      ...['Authorize', 'BootNotification', 'CancelReservation', 'ChangeAvailability', 'ChangeConfiguration'],
      ...['ClearChargingProfile', 'DataTransfer', 'DiagnosticsStatusNotification', 'FirmwareStatusNotification'],
      ...['GetChargingProfiles', 'GetCompositeSchedule', 'GetConfiguration', 'GetDiagnostics', 'GetLog'],
      ...['LogStatusNotification', 'ReservationStatusUpdate', 'ReserveNow', 'SignedFirmwareStatusNotification'],
      ...['SignedUpdateFirmware', 'UpdateFirmware'],
      ...['GetLocalListVersion', 'GetTransactionStatus', 'GetVariables', 'Heartbeat', 'MeterValues', 'NotifyEvent'],
      ...['RemoteStartTransaction', 'RemoteStopTransaction', 'ReportChargingProfiles'],
      ...['RequestStartTransaction', 'RequestStopTransaction', 'Reset', 'SecurityEventNotification', 'SendLocalList'],
      ...['SetChargingProfile', 'SetVariables', 'StartTransaction', 'StatusNotification', 'StopTransaction'],
      ...['TransactionEvent', 'TriggerMessage', 'UnlockConnector'],
    ),
  },
  {
    specification: 'readings',
    folder: 'src/model',
    besides: /^$/,
    // The classes of quantities.
    names: {
      telemetry: ['src/model/qos.ts', 'src/model/quantities.ts'],
      status: ['src/model/qos.ts', 'src/model/quantities.ts'],
      billing: ['src/model/qos.ts', 'src/model/meta.ts'],
    },
  },
];

/** Texts of a file with its comments, and without them. */
export interface NamedSource {
  file: string;
  text: string;
  code: string;
}

/** @returns the block of a file: its folder below the folder of the specification, or the file itself */
const blockOf = (folder: string, file: string): string => file.slice(folder.length + 1).split('/')[0] ?? file;

/**
 * @param sources of the whole package
 * @returns what is wrong with the places of the names
 */
export const misplacedNames = ({ folder, besides, names }: SpecificationNames, sources: NamedSource[]): string[] => {
  const own = sources.filter(({ file }) => file.startsWith(`${folder}/`) && !besides.test(file));
  return Object.entries(names).flatMap(([name, place]) => {
    const pattern = new RegExp(`(?<![A-Za-z])(on)?${name.replaceAll(' ', '\\s+')}(?![A-Za-z])`);
    if (place !== 'block') {
      const naming = new Set(sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file));
      return place.filter((file) => !naming.has(file)).map((file) => `${file} does not name ${name}`);
    }
    const blocksBy = (part: 'code' | 'text'): string[] => [
      ...new Set(own.filter((source) => pattern.test(source[part])).map(({ file }) => blockOf(folder, file))),
    ];
    // A block may mention the operations of another one in a comment.
    const inCode = blocksBy('code');
    const blocks = inCode.length > 0 ? inCode : blocksBy('text');
    return blocks.length === 1 ? [] : [`${name} is named in ${blocks.join(', ') || 'no block'}`];
  });
};
