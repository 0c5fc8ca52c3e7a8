/**
 * The SunSpec face of a site: a Modbus TCP server with two units, the connection to the grid as a meter and the solar
 * inverters as one. It can only be read.
 */
import {
  exceptionCodes,
  exceptionResponse,
  type IncomingRequest,
  type ModbusServer,
  RegisterImage,
  startModbusServer,
  type UnitImages,
} from '../../modbus/index.ts';
import { ServedUnit, servedBase } from './served-unit.ts';
import { type Side, type SiteReadings, sides } from './site-readings.ts';

/** How a face listens, and what it tells of itself. */
export interface SiteServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Readers that are connected at the same time. */
  maxConnections: number;
  /** Unit identifiers. */
  units: Readonly<Record<Side, number>>;
  /** Models of the meter, in the order of the list: 203, 213. */
  meterModels: readonly number[];
  /**
   * What is not measured while a side is not known: refused with an exception, since there are readers that take values
   * that are not implemented for 0 (evcc-io/evcc#11948), or told as not implemented.
   */
  whileUnknown: 'refuse' | 'absent';
  /** Id of the site, for the serial numbers. */
  site: string;
  /** Version of the software. */
  version: string;
}

/** Function code of the one table that a face has, and the bytes of such a request. V1.1b3 §6.3. */
const readHoldingRegisters = 0x03;
const readLength = 5;

/** Models of the inverters: readers take the first that they know. */
const inverterModels: readonly number[] = [103, 701];

const manufacturer = 'emsflow';
const deviceModels: Readonly<Record<Side, string>> = { grid: 'Site grid meter', solar: 'Site solar inverters' };

const unknownSite: SiteReadings = { grid: new Map(), solar: new Map() };

/** A unit that is served, and whether its side can be told. */
interface ServedSide {
  unit: ServedUnit;
  image: RegisterImage;
  isKnown: boolean;
}

const createSide = (side: Side, { units, meterModels, site, version }: SiteServerOptions): ServedSide => {
  const common = {
    Mn: manufacturer,
    Md: deviceModels[side],
    Vr: version,
    // The end of a serial number that is too long is cut off.
    SN: `${side}-${site}`,
    DA: units[side],
  };
  const unit = new ServedUnit(common, side === 'grid' ? meterModels : inverterModels);
  return { unit, image: new RegisterImage(), isKnown: false };
};

/** A face that is open. Create it with `startSiteServer`. */
export class SiteServer {
  readonly #options: SiteServerOptions;
  readonly #sides: Readonly<Record<Side, ServedSide>>;
  #server: ModbusServer | undefined;

  constructor(options: SiteServerOptions) {
    this.#options = options;
    this.#sides = { grid: createSide('grid', options), solar: createSide('solar', options) };
    this.update(unknownSite, new Set());
  }

  /** Opens the port. @throws when it cannot be opened */
  async open(): Promise<void> {
    const { host, port, maxConnections, units } = this.#options;
    const images = new Map<number, UnitImages>(
      sides.map((side) => [units[side], { holding: this.#sides[side].image }]),
    );
    const respond = (request: IncomingRequest, answer: () => Buffer | undefined): void => {
      const response = this.#refusal(request) ?? answer();
      if (response) request.send(request.frameOf(response));
    };
    this.#server = await startModbusServer(
      // A scan for units goes on at once after an exception, and waits for an answer otherwise.
      { host, port, maxConnections, unknownUnit: 'exception', respond },
      images,
    );
  }

  /** The port that the face listens on. */
  get port(): number {
    return this.#server?.port ?? this.#options.port;
  }

  /** Number of readers that are connected. */
  get readers(): number {
    return this.#server?.connections() ?? 0;
  }

  /** Tells other values from now on. @param tellable the sides that are known as a whole */
  update(readings: SiteReadings, tellable: ReadonlySet<Side>): void {
    for (const side of sides) {
      const served = this.#sides[side];
      const data = served.unit.encode(readings[side]);
      for (let at = 0; at < data.length; at += 2) served.image.set(servedBase + at / 2, data.readUInt16BE(at));
      served.isKnown = tellable.has(side);
    }
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** @returns the response to a read of values that are not known; undefined: the read is answered */
  #refusal({ unit, pdu }: IncomingRequest): Buffer | undefined {
    const { whileUnknown, units } = this.#options;
    const side = sides.find((each) => units[each] === unit);
    if (whileUnknown === 'absent' || !side || this.#sides[side].isKnown) return undefined;
    if (pdu[0] !== readHoldingRegisters || pdu.length !== readLength) return undefined;
    const [address, count] = [pdu.readUInt16BE(1), pdu.readUInt16BE(3)];
    const isMeasured = this.#sides[side].unit.measured.some(
      ({ first, last }) => address <= last && address + count > first,
    );
    // The face is a gateway, and the site behind it does not answer. V1.1b3 §7, 0x0B.
    return isMeasured ? exceptionResponse(readHoldingRegisters, exceptionCodes.gatewayTargetFailed) : undefined;
  }
}

/** Starts a face, which knows nothing at first. @throws when the port cannot be opened */
export const startSiteServer = async (options: SiteServerOptions): Promise<SiteServer> => {
  const server = new SiteServer(options);
  await server.open();
  return server;
};
