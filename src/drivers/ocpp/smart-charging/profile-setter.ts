/**
 * SetChargingProfile (OCPP 1.6 §5.16, OCPP 2.x K01): in which form a station takes a limit is tried once and remembered,
 * its purpose, kind, stack level, unit, and whether it names phases.
 */
import { CommandFailure } from '../../driver.ts';
import type { ChargingProfile } from '../messages.ts';
import type { Quirks } from '../quirks.ts';
import type { Station } from '../station/station.ts';
import type { LimitForm } from '../station/station-facts.ts';
import { askRefusable, isAccepted } from './ask-station.ts';
import type { OtherLimits } from './backend-limits.ts';
import { clearProfile } from './clear-charging-profile.ts';
import { DynamicProfiles } from './dynamic-profiles.ts';
import type { ForeignProfiles } from './foreign-profiles.ts';
import type { ProfileRequest } from './set-charging-profile.ts';
import { buildProfile, profileForms } from './set-charging-profile.ts';

/** Why a limit cannot be set now, and will be when that is over. */
export type DeferredReason = 'no_car' | 'no_session';

interface ProfileSetterOptions {
  foreignProfiles: Pick<ForeignProfiles, 'clearBeforeFirstLimit'>;
  otherLimits: OtherLimits;
}

const isSameForm = (a: LimitForm, b: LimitForm | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether a form is what a preset or the integrator demands. */
const isDemanded = (form: LimitForm, { purpose, kind, unit, stackLevel }: Quirks): boolean =>
  (purpose ?? form.purpose) === form.purpose &&
  (kind ?? form.kind) === form.kind &&
  (unit ?? form.unit) === form.unit &&
  (stackLevel ?? form.stackLevel) === form.stackLevel;

/** Sets the charging profiles of one station in the form that it takes. */
export class ProfileSetter {
  private readonly station: Station;
  private readonly options: ProfileSetterOptions;
  private readonly dynamicProfiles: DynamicProfiles;

  constructor(station: Station, options: ProfileSetterOptions) {
    this.station = station;
    this.options = options;
    this.dynamicProfiles = new DynamicProfiles(station, options.otherLimits);
  }

  /**
   * @returns the profile that the station took, or why the limit could not be set yet
   * @throws CallFailure, CommandFailure
   */
  async set(request: ProfileRequest): Promise<ChargingProfile | DeferredReason> {
    await this.options.foreignProfiles.clearBeforeFirstLimit();
    const known = this.knownForm();
    // OCPP 1.6 §5.16: a TxProfile needs a transaction.
    if ((known?.purpose ?? this.station.quirks().purpose) === 'tx' && request.transaction === undefined)
      return 'no_session';
    const dynamic = known && (await this.dynamicProfiles.set(known, request));
    if (dynamic) {
      await this.onTaken(request, dynamic);
      return dynamic;
    }
    this.dynamicProfiles.onReplaced(request.evse);
    return this.setFixed(request, known);
  }

  onConnected(): void {
    this.dynamicProfiles.onConnected();
  }

  /** @returns the TxProfile that goes with a start, in the form that the station takes as far as that is known */
  profileOfStart(request: Omit<ProfileRequest, 'options'>): ChargingProfile {
    const { factStore, clock } = this.station;
    const quirks = { ...this.station.quirks(), purpose: 'tx' as const };
    const { isAlone, phases } = request;
    const known = this.knownForm();
    const conditions = { hasTransaction: true, isAlone, namesPhases: phases !== undefined };
    const [usual] = profileForms(quirks, factStore.facts, conditions);
    const form = known ? { ...known, purpose: 'tx' as const } : usual;
    if (!form) throw new CommandFailure('UNSUPPORTED', 'there is no way to tell the station a limit with the start');
    return buildProfile(form, { ...request, transaction: undefined, begun: undefined }, clock.now()).profile;
  }

  /** @throws CommandFailure where an older profile of ours could keep the new one from being in force */
  private async onTaken(request: ProfileRequest, taken: ChargingProfile): Promise<void> {
    await this.clearOld(request.evse, taken);
    await this.replaceStartProfile(request, taken);
  }

  /**
   * A TxProfile that came with a start goes before every TxDefaultProfile (OCPP 1.6 §3.13.2): the new limit counts once
   * the profile of the start is gone, or has the same limit.
   */
  private async replaceStartProfile(request: ProfileRequest, taken: ChargingProfile): Promise<void> {
    const { calls, factStore } = this.station;
    const place = String(request.evse);
    const start = factStore.facts.startProfiles?.[place];
    if (!start) return;
    if (taken.id !== start.id) {
      const result = await askRefusable(calls)({ kind: 'clear_profile', id: start.id });
      const isUnknown = result?.status === 'unknown';
      // Before the transaction, the station may not have the profile in place yet.
      if (isUnknown && request.transaction === undefined) return;
      if (!isUnknown && !isAccepted(result) && !(await this.overwriteStartProfile(request)))
        throw new CommandFailure('DEVICE_REJECTED', `the station keeps the limit of its start: ${result?.raw}`);
    }
    const { [place]: last, ...others } = factStore.facts.startProfiles ?? {};
    // Another start may have come meanwhile.
    if (last === start) factStore.note({ startProfiles: others });
  }

  /** @returns whether the profile of the start has the limit of the request now */
  private async overwriteStartProfile(request: ProfileRequest): Promise<boolean> {
    const form = this.knownForm();
    if (!form || request.transaction === undefined) return false;
    return !('why' in (await this.attempt({ ...form, purpose: 'tx' }, request)));
  }

  /** The form that the station is known to take. */
  private knownForm(): LimitForm | undefined {
    const { limitForm } = this.station.factStore.facts;
    return limitForm && isDemanded(limitForm, this.station.quirks()) ? limitForm : undefined;
  }

  private async setFixed(
    request: ProfileRequest,
    known: LimitForm | undefined,
  ): Promise<ChargingProfile | DeferredReason> {
    const { station } = this;
    const { otherLimits } = this.options;
    // Some refuse a pause while nothing is plugged in.
    const isIdlePause = request.periods[0]?.currentA === 0 && request.status === 'available';
    let why = 'there is no way to tell it a limit';
    for (const form of this.formsFor(request, known)) {
      const outcome = await this.attempt(form, request);
      if (!('why' in outcome)) {
        // A form that makes room for a backend is not the one that the station prefers.
        if (!otherLimits.isPresent(request.evse)) station.factStore.note({ limitForm: form });
        await this.onTaken(request, outcome);
        return outcome;
      }
      why = outcome.why;
      // The form is right all the same.
      if (isSameForm(form, known) && isIdlePause) return 'no_car';
    }
    if (isIdlePause) return 'no_car';
    // Perhaps the station only takes profiles of a transaction.
    if (request.transaction === undefined && !station.quirks().purpose && !known) return 'no_session';
    throw new CommandFailure('DEVICE_REJECTED', `the station refuses every form of a limit: ${why}`);
  }

  /** @returns the profile that the station took, or why it did not */
  private async attempt(form: LimitForm, request: ProfileRequest): Promise<ChargingProfile | { why: string }> {
    const { calls, clock } = this.station;
    const { otherLimits } = this.options;
    const { evse, profile: built } = buildProfile(form, request, clock.now());
    const profile = { ...built, id: otherLimits.freeId(built.id) };
    const result = await askRefusable(calls, request.options)({ kind: 'set_profile', evse, profile });
    return isAccepted(result) ? profile : { why: result?.raw ?? '' };
  }

  /** @returns the forms to try, in their order, as far as the limits of a backend leave room for them */
  private formsFor({ evse, transaction, phases, isAlone }: ProfileRequest, known: LimitForm | undefined): LimitForm[] {
    const { otherLimits } = this.options;
    const quirks = this.station.quirks();
    const { facts } = this.station.factStore;
    const hasTransaction = transaction !== undefined;
    const conditions = { hasTransaction, isAlone, namesPhases: phases !== undefined };
    // A limit of the station leaves those of the backend alone, and the lower one is in force.
    const isCapped = isAlone && otherLimits.isPresent(evse);
    const caps = isCapped ? profileForms({ ...quirks, purpose: 'station_max' }, facts, conditions) : [];
    const place = { evse, maxStackLevel: facts.maxStackLevel, hasTransaction };
    const forms = [...(known ? [known] : []), ...profileForms(quirks, facts, conditions), ...caps].flatMap(
      (form) => otherLimits.above(form, place) ?? [],
    );
    return forms.filter((form, i) => forms.findIndex((each) => isSameForm(each, form)) === i);
  }

  /** One profile of ours is enough: an old one of another purpose would go on limiting beside it. */
  private async clearOld(evse: number, { id }: ChargingProfile): Promise<void> {
    const { calls, factStore } = this.station;
    const { otherLimits } = this.options;
    const { limitIds = {} } = factStore.facts;
    const old = limitIds[String(evse)];
    if (old === id) return;
    factStore.note({ limitIds: { ...limitIds, [String(evse)]: id } });
    if (old === undefined || otherLimits.hasProfile(old)) return;
    await clearProfile(askRefusable(calls), old);
  }
}
