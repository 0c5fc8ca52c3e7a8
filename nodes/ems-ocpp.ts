import type { NodeAPI, NodeMessageInFlow } from 'node-red';
import { z } from 'zod';
import { codecFor } from '../src/drivers/ocpp/codec/codecs.ts';
import {
  backendUrl,
  chargePointFields,
  isIdentity,
  linesOf,
  longestIdentity,
  mostTags,
  parseTagLine,
} from '../src/drivers/ocpp/codec/limits.ts';
import { createOcppDriver, type OcppDriver } from '../src/drivers/ocpp/driver.ts';
import { listPresets } from '../src/drivers/ocpp/library.ts';
import { enterStation, type StationEntry } from '../src/drivers/ocpp/link/registration.ts';
import { needsPassword } from '../src/drivers/ocpp/link/requirements.ts';
import type { Authorization, Tag } from '../src/drivers/ocpp/station/authorisation.ts';
import { isDecision, stationDecision } from '../src/drivers/ocpp/station/decision.ts';
import { type Token, versions } from '../src/drivers/ocpp/words.ts';
import { createEventId } from '../src/model/identity.ts';
import { isRecord } from '../src/model/safety.ts';
import { isoTime } from '../src/model/time.ts';
import { runBridge } from '../src/shell/bridge-node.ts';
import { refuseCommands } from '../src/shell/command-input.ts';
import {
  choiceField,
  flagField,
  idField,
  nodeReference,
  numberField,
  optionalNumberField,
  textField,
} from '../src/shell/config.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { defineEndpoint, notDeployed, serveLiveValues } from '../src/shell/endpoints.ts';
import { gatewayName } from '../src/shell/gateway.ts';
import { openJournal } from '../src/shell/journal-file.ts';
import { toNodeMessage } from '../src/shell/node-messages.ts';
import { createStateFile } from '../src/shell/state-file.ts';
import type { Status } from '../src/shell/status.ts';
import type { OcppServerApi } from './ems-ocpp-server.ts';
import type { SiteApi } from './ems-site.ts';

const listOf = (separator: RegExp) =>
  textField().transform((text) =>
    text
      .split(separator)
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  );

/** "04A2B3C4; 2027-12-31; blocked" */
const tagOf = (line: string, context: z.RefinementCtx): Tag => {
  const tag = parseTagLine(line);
  if (tag) return tag;
  context.addIssue({ code: 'custom', message: `"${line}" is no tag like "04A2B3C4; 2027-12-31; blocked"` });
  return z.NEVER;
};

const config = z.object({
  server: nodeReference('the OCPP server'),
  site: nodeReference('the site'),
  device: idField('the device id'),
  name: textField(),
  /** As the station dials in; empty: the one that is approved for this device. */
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
  /** The station itself falls back after this long without us, s; 0: never, empty: where it is proven to. */
  fallback: optionalNumberField(chargePointFields.fallback),
  foreign: choiceField(chargePointFields.foreign),
  autostart: flagField(false),
  interval: numberField(chargePointFields.interval),
  /** What it measures is multiplied by these; empty: as it says, or its preset. */
  factorPower: optionalNumberField(chargePointFields.factorPower),
  factorEnergy: optionalNumberField(chargePointFields.factorEnergy),
  factorCurrent: optionalNumberField(chargePointFields.factorCurrent),
  authorise: choiceField(chargePointFields.authorise),
  tags: textField()
    .transform(linesOf)
    .pipe(z.array(z.string().transform(tagOf)).max(mostTags)),
  onePlace: flagField(false),
  security: choiceField(chargePointFields.security),
  weak: flagField(false),
  /** A password that was changed: the one before is not right any more, wherever the station has it. */
  shutOut: flagField(false),
  certificateNames: listOf(/[,\n]/),
  /** Where somebody else's central system takes stations; empty: nobody else is told. */
  forwardUrl: textField().pipe(
    z
      .string()
      .refine((url) => url === '' || backendUrl.test(url), 'the address of the backend begins with ws:// or wss://'),
  ),
  forwardMode: choiceField(chargePointFields.forwardMode),
  billing: flagField(false),
  single: flagField(false),
  trusted: listOf(/,/),
});

interface Credentials {
  password?: string;
  /** For the backend; empty: the same as here. */
  forwardPassword?: string;
}

const remembered = z.object({
  identity: z.string().optional(),
  /** Of the station whose passwords these are; those of another are worth nothing. */
  of: z.string().optional(),
  verifier: z.string().optional(),
  /** Of passwords before, with which the station may still come. */
  before: z.array(z.string()).optional(),
  /** The station came with the password that the verifier is of. */
  isAdopted: z.boolean().optional(),
});

/** Where sessions are started from here. OCPP 1.6 §7.11: at most 20 characters. */
const ownTag = 'EMS';
const patienceMs = 5000;

const authorizations: Authorization[] = ['accepted', 'blocked', 'expired', 'invalid', 'concurrent_tx'];
const answered = z.object({ tag: z.string(), status: z.enum(authorizations as [Authorization, ...Authorization[]]) });

/** A node without a station shows how its server is; where that is well, nothing comes from here all the same. */
const whileWaiting = (server: Status): Status =>
  server.key === 'open' ? { ...server, fill: 'yellow', shape: 'ring' } : server;

/** Questions that a flow was asked about tags. */
const createQuestions = (ask: (token: Token) => void, after: (ms: number, run: () => void) => { cancel(): void }) => {
  const open = new Map<string, ((authorization: Authorization | undefined) => void)[]>();
  const answer = (tag: string, authorization: Authorization | undefined): void => {
    for (const settle of open.get(tag) ?? []) settle(authorization);
    open.delete(tag);
  };
  return {
    answer,
    ask: (token: Token): Promise<Authorization | undefined> =>
      new Promise((resolve) => {
        const timer = after(patienceMs, () => answer(token.id, undefined));
        open.set(token.id, [
          ...(open.get(token.id) ?? []),
          (authorization) => {
            timer.cancel();
            resolve(authorization);
          },
        ]);
        ask(token);
      }),
  };
};

/** A charging station: its connectors as readings of the model, its sessions as events, its limits as commands. */
export default function register(RED: NodeAPI): void {
  const live = serveLiveValues(RED, 'ocpp');
  const drivers = new Map<string, OcppDriver>();

  defineEndpoint(RED, 'get', '/ems/ocpp-presets', () => listPresets().map(({ id, title }) => ({ id, title })));

  defineEndpoint(RED, 'get', '/ems/ocpp/station/:id', ({ id = '' }) => {
    return drivers.get(id)?.sheet() ?? notDeployed;
  });

  defineNode(RED, 'ems-ocpp', {
    config,
    credentials: { password: { type: 'password' }, forwardPassword: { type: 'password' } },
    start(context) {
      const { config, credentials, node, clock, send, showStatus, report, onInput, onClose } = context;
      const { device, name } = config;
      const server = useConfigNode<OcppServerApi>(RED, config.server, 'ems-ocpp-server');
      const site = useConfigNode<SiteApi>(RED, config.site, 'ems-site');
      const memory = createStateFile(RED, `ems-ocpp-${node.id}`);
      const kept = remembered.safeParse(memory.load());
      let known = kept.success ? kept.data : {};
      let saved: Promise<void> | undefined;
      const remember = (more: z.infer<typeof remembered>): void => {
        known = { ...known, ...more };
        saved = memory.save(known).catch(report);
      };
      // A deploy reads it again at once.
      onClose(() => saved);

      const door = server.onEvent((event) => {
        const topic = `system/event/${gatewayName()}/${event.name}`;
        const stamp = { schema: 'event/1' as const, id: createEventId(), ts: isoTime(clock.now()) };
        send([null, toNodeMessage([{ topic, ...stamp, ...event }])]);
      });
      const questions = createQuestions(
        ({ id, type }) =>
          send([null, null, { topic: 'authorize', payload: { device, tag: id, ...(type && { type }) } }]),
        clock.after,
      );

      const takes = (message: NodeMessageInFlow): boolean => {
        const { topic = '', payload } = message;
        const word = typeof topic === 'string' ? (topic.split('/').at(-1) ?? '') : '';
        const given = isRecord(payload) ? payload : {};
        if (word === 'authorize') {
          const { tag, status } = answered.parse(given);
          questions.answer(tag, status);
          return true;
        }
        if (!isDecision(word)) return false;
        server.decide(stationDecision.parse({ device, ...given, decision: word }));
        return true;
      };

      const { password = '', forwardPassword = '' } = credentials as Credentials;
      const forward = { url: config.forwardUrl, mode: config.forwardMode, password: forwardPassword || password };

      // Only of a chosen family: before its boot nobody knows what else it is, and it is not locked out by a guess.
      const family = listPresets().find(({ id }) => id === config.preset)?.quirks ?? {};
      const version = config.version === 'auto' ? family.version : config.version;
      const { factorPower: power, factorEnergy: energy, factorCurrent: current } = config;
      const factors = {
        ...(power !== undefined && { power }),
        ...(energy !== undefined && { energy }),
        ...(current !== undefined && { current }),
      };
      const hasFactors = Object.keys(factors).length > 0;
      const settings: StationEntry['settings'] = {
        versions: version === undefined ? versions : [version],
        isVersionAssumed: config.assumed || family.assumedVersion === '1.6',
        security: Number(config.security) as StationEntry['settings']['security'],
        certificateNames: config.certificateNames,
      };

      const run = async (identity: string): Promise<void> => {
        const journal = openJournal(
          RED,
          { name: `ems-ocpp-sessions-${node.id}`, content: 'charging sessions' },
          (text) => node.warn(text),
        );
        const driver = createOcppDriver(
          {
            identity,
            name: device,
            codecOf: codecFor,
            store: journal,
            presets: listPresets(),
            phaseRotation: config.phaseRotation,
            quirks: { ...(config.autostart && { needsRemoteStart: true }), ...(hasFactors && { factors }) },
            ...(config.preset === '' ? {} : { preset: config.preset }),
            limits: {
              minCurrentA: config.minCurrent,
              maxCurrentA: config.maxCurrent,
              failsafeA: config.failsafe,
              phases: Number(config.phases) as 1 | 2 | 3,
              ...(config.fallback === undefined ? {} : { fallbackS: config.fallback }),
              intervalS: config.interval,
              foreignPolicy: config.foreign,
            },
            authorisation: {
              mode: config.authorise,
              tags: config.tags,
              ownTag,
              isOnePlaceOnly: config.onePlace,
              ...(config.authorise === 'ask' && { ask: questions.ask }),
            },
            tagsInUse: server.tagsInUse,
            heartbeatS: server.heartbeatS,
            ...(password === '' ? {} : { password }),
            ...(config.forwardUrl === '' ? {} : { forward }),
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
          placement: { device, name, site: site.id, gateway: gatewayName(), isBilling: config.billing },
          takes,
          isGuarded: driver.isGuarded,
          async onClosed(isRemoved) {
            if (!isRemoved) return journal.close();
            journal.remove();
            await memory.remove();
          },
        });
        const { verifier, before = [], isAdopted = false } = (known.of ?? identity) === identity ? known : {};
        const registration = enterStation(
          {
            settings,
            password,
            isWeakAllowed: config.weak,
            verifier,
            before,
            isOldShutOut: config.shutOut,
            isAdopted,
          },
          {
            passwords: server.passwords,
            register: (settings) => server.register(identity, settings, driver),
            remember: (verifier, before) => remember({ of: identity, verifier, before: [...before], isAdopted: false }),
          },
        );
        onClose(registration.remove);
        await registration.done;
      };

      onInput((message) => {
        if (takes(message)) return;
        const reason = 'no station is bound to this node yet';
        refuseCommands(message, { device, reason, clock, answer: (message) => send([null, message]) });
      });
      onClose(() => door.remove());
      const identity = config.identity || known.identity;
      if (identity) {
        void run(identity).catch((error) => {
          showStatus({ fill: 'red', shape: 'ring', key: 'config' });
          report(error);
        });
        return;
      }
      const following = server.follow((status) => showStatus(whileWaiting(status)));
      const wanted = { device, isMissing: needsPassword(settings) && password === '', isWeakAllowed: config.weak };
      const waiting = server.waitFor(wanted, (bound, verifier) => {
        following.remove();
        waiting.remove();
        remember({
          identity: bound,
          ...(verifier !== undefined && { of: bound, verifier, before: [], isAdopted: true }),
        });
        void run(bound).catch(report);
      });
      onClose(() => {
        following.remove();
        waiting.remove();
      });
    },
  });
}
