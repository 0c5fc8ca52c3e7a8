import type { NodeAPI, NodeMessageInFlow } from 'node-red';
import { z } from 'zod';
import {
  AuthorizationRequests,
  backendUrl,
  chargePointFields,
  codecFor,
  createOcppDriver,
  driverOptionsOf,
  isDecision,
  isIdentity,
  listPresets,
  longestIdentity,
  mostTags,
  type OcppDriver,
  type OcppServer,
  parseTagLine,
  StationBinding,
  stationDecision,
  stationSettingsOf,
} from '../src/drivers/ocpp/index.ts';
import { createEventId } from '../src/model/identity.ts';
import { isRecord } from '../src/model/safety.ts';
import { isoTime } from '../src/model/time.ts';
import { runBridge } from '../src/shell/bridge-node.ts';
import { refuseCommands } from '../src/shell/command-input.ts';
import {
  choiceField,
  flagField,
  idField,
  listField,
  nodeReference,
  numberField,
  optionalNumberField,
  textField,
} from '../src/shell/config.ts';
import { defineNode, type NodeContext, useConfigNode } from '../src/shell/define-node.ts';
import { defineEndpoint, notDeployed, serveLiveValues } from '../src/shell/endpoints.ts';
import { gatewayName } from '../src/shell/gateway.ts';
import { openJournal } from '../src/shell/journal-file.ts';
import { toNodeMessage } from '../src/shell/node-messages.ts';
import { createStateFile, type StateFile } from '../src/shell/state-file.ts';
import type { Status } from '../src/shell/status.ts';
import type { OcppServerApi } from './ems-ocpp-server.ts';
import type { SiteApi } from './ems-site.ts';

const tokenLine = z.string().transform((line, context) => {
  const token = parseTagLine(line);
  if (token) return token;
  context.addIssue({ code: 'custom', message: `"${line}" is no tag like "04A2B3C4; 2027-12-31; blocked"` });
  return z.NEVER;
});

const config = z.object({
  server: nodeReference('the OCPP server'),
  site: nodeReference('the site'),
  device: idField('the device id'),
  name: textField(),
  /** The identity with which the station dials in; empty: the one that is approved for this device. */
  identity: textField().pipe(
    z.string().refine(isIdentity, `the identity has at most ${longestIdentity} characters, without "/", "#" and "?"`),
  ),
  version: choiceField(chargePointFields.version),
  assumed: flagField(false),
  preset: textField(),
  phases: choiceField(chargePointFields.phases),
  phaseRotation: choiceField(chargePointFields.phaseRotation),
  minCurrent: numberField(chargePointFields.minCurrent),
  maxCurrent: numberField(chargePointFields.maxCurrent),
  failsafe: numberField(chargePointFields.failsafe),
  /** The station falls back by itself after this long without the gateway, s; 0: never, empty: where it is proven to. */
  fallback: optionalNumberField(chargePointFields.fallback),
  foreign: choiceField(chargePointFields.foreign),
  autostart: flagField(false),
  interval: numberField(chargePointFields.interval),
  /** Meter values are multiplied by these; empty: left to the preset. */
  factorPower: optionalNumberField(chargePointFields.factorPower),
  factorEnergy: optionalNumberField(chargePointFields.factorEnergy),
  factorCurrent: optionalNumberField(chargePointFields.factorCurrent),
  authorise: choiceField(chargePointFields.authorise),
  tags: listField(/\n/).pipe(z.array(tokenLine).max(mostTags)),
  onePlace: flagField(false),
  security: choiceField(chargePointFields.security),
  weak: flagField(false),
  /** After a change of the password, the one before is not right any more, wherever the station has it. */
  shutOut: flagField(false),
  certificateNames: listField(/[,\n]/),
  /** Address of a backend that is to see the station as well; empty: none. */
  forwardUrl: textField().pipe(
    z
      .string()
      .refine((url) => url === '' || backendUrl.test(url), 'the address of the backend begins with ws:// or wss://'),
  ),
  forwardMode: choiceField(chargePointFields.forwardMode),
  billing: flagField(false),
  single: flagField(false),
  trusted: listField(/,/),
});

interface Credentials {
  password?: string;
  /** For the backend; empty: the same as here. */
  forwardPassword?: string;
}

/** The id token of sessions that are started from here. OCPP 1.6 §7.11: at most 20 characters. */
const ownTag = 'EMS';

/** A node without a station shows how its server is; where that is well, nothing comes from here all the same. */
const whileWaiting = (server: Status): Status =>
  server.key === 'open' ? { ...server, fill: 'yellow', shape: 'ring' } : server;

type Config = z.output<typeof config>;

type Context = NodeContext<Config, Credentials>;

/** Endpoints and drivers that all nodes of this type share. */
interface Shared {
  live: ReturnType<typeof serveLiveValues>;
  /** Drivers by the id of their node. */
  drivers: Map<string, OcppDriver>;
}

/** The parts of one node. */
interface Parts {
  server: OcppServer;
  siteId: string;
  binding: StationBinding;
  requests: AuthorizationRequests;
  stateFile: StateFile;
  /** Whether a message was for the server or an answer of a flow, and no command. */
  takes(message: NodeMessageInFlow): boolean;
}

const createParts = (context: Context): Parts => {
  const { RED, config, credentials, node, send, report, onClose } = context;
  const { device } = config;
  const { server } = useConfigNode<OcppServerApi>(RED, config.server, 'ems-ocpp-server');
  const { id: siteId } = useConfigNode<SiteApi>(RED, config.site, 'ems-site');
  const { password = '' } = credentials;
  const stateFile = createStateFile(RED, `ems-ocpp-${node.id}`);
  let saved: Promise<void> | undefined;
  // A deploy reads the file again at once.
  onClose(() => saved);
  const binding = new StationBinding({
    server,
    identity: config.identity,
    device,
    settings: stationSettingsOf(config),
    password: { password, isWeakAllowed: config.weak, isOldShutOut: config.shutOut },
    kept: stateFile.load(),
    save(kept) {
      saved = stateFile.save(kept).catch(report);
    },
  });
  const requests = new AuthorizationRequests(({ id, type }) =>
    send([null, null, { topic: 'authorize', payload: { device, tag: id, ...(type && { type }) } }]),
  );
  return {
    server,
    siteId,
    binding,
    requests,
    stateFile,
    takes({ topic = '', payload }) {
      const word = typeof topic === 'string' ? (topic.split('/').at(-1) ?? '') : '';
      const given = isRecord(payload) ? payload : {};
      if (word === 'authorize') requests.answer(given);
      else if (isDecision(word)) server.decide(stationDecision.parse({ device, ...given, decision: word }));
      else return false;
      return true;
    },
  };
};

/** Runs the bridge of a station from now on. Rejects with what is wrong with its password, in words. */
const runStation = async (context: Context, identity: string, parts: Parts & Shared): Promise<void> => {
  const { RED, config, credentials, node, clock, onClose } = context;
  const { server, siteId, binding, requests, stateFile, takes, live, drivers } = parts;
  const { device, name } = config;
  const journal = openJournal(RED, { name: `ems-ocpp-sessions-${node.id}`, content: 'charging sessions' }, (text) =>
    node.warn(text),
  );
  const driver = createOcppDriver(
    {
      ...driverOptionsOf(config, credentials),
      codecOf: codecFor,
      presets: listPresets(),
      identity,
      store: journal,
      authorisation: {
        mode: config.authorise,
        tags: config.tags,
        ownTag,
        isOnePlaceOnly: config.onePlace,
        ...(config.authorise === 'ask' && { ask: (token, signal) => requests.ask(token, signal) }),
      },
      concurrentTx: server.concurrentTx,
      heartbeatS: server.heartbeatS,
    },
    clock,
  );
  drivers.set(node.id, driver);
  onClose(() => void drivers.delete(node.id));
  runBridge(context, {
    driver,
    live,
    isSingle: config.single,
    trusted: config.trusted,
    placement: { device, name, site: siteId, gateway: gatewayName(), isBilling: config.billing },
    takes,
    isGuarded: driver.isGuarded,
    async onClosed(isRemoved) {
      if (!isRemoved) return journal.close();
      journal.remove();
      await stateFile.remove();
    },
  });
  const registration = binding.register(identity, driver);
  onClose(() => registration.remove());
  await registration.done;
};

/** Sends what happens to the server and to no station, as far as this node is the one that tells it. */
const sendServerEvents = ({ clock, send, onClose }: Context, server: OcppServer): void => {
  const listening = server.onEvent((event) => {
    const topic = `system/event/${gatewayName()}/${event.name}`;
    const stamp = { schema: 'event/1' as const, id: createEventId(), ts: isoTime(clock.now()) };
    send([null, toNodeMessage([{ topic, ...stamp, ...event }])]);
  });
  onClose(() => listening.remove());
};

const start = (context: Context, shared: Shared): void => {
  const { RED, config, clock, send, showStatus, report, onInput, onClose } = context;
  const parts = createParts(context);
  const { server, binding, takes } = parts;
  sendServerEvents(context, server);
  onInput((message) => {
    if (takes(message)) return;
    const reason = 'no station is bound to this node yet';
    const { device } = config;
    refuseCommands(message, { device, reason, clock, answer: (refusal) => send([null, refusal]) });
  });
  const run = (identity: string): Promise<void> => runStation(context, identity, { ...parts, ...shared });
  if (binding.identity) {
    run(binding.identity).catch((error) => {
      showStatus({ fill: 'red', shape: 'ring', key: 'config' });
      report(error);
    });
    return;
  }
  const { follow } = useConfigNode<OcppServerApi>(RED, config.server, 'ems-ocpp-server');
  const following = follow((status) => showStatus(whileWaiting(status)));
  const waiting = binding.waitForApproval((approved) => {
    following.remove();
    run(approved).catch(report);
  });
  onClose(() => {
    following.remove();
    waiting.remove();
  });
};

/** A charging station: its connectors as readings of the model, its sessions as events, its limits as commands. */
export default function register(RED: NodeAPI): void {
  const shared: Shared = { live: serveLiveValues(RED, 'ocpp'), drivers: new Map() };

  defineEndpoint(RED, 'get', '/ems/ocpp-presets', () => listPresets().map(({ id, title }) => ({ id, title })));

  defineEndpoint(
    RED,
    'get',
    '/ems/ocpp/station/:id',
    ({ id = '' }) => shared.drivers.get(id)?.summary() ?? notDeployed,
  );

  defineNode<typeof config, Credentials, void>(RED, 'ems-ocpp', {
    config,
    credentials: { password: { type: 'password' }, forwardPassword: { type: 'password' } },
    start: (context) => start(context, shared),
  });
}
