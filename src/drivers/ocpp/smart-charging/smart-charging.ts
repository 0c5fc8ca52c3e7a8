/** The smart charging block (OCPP 2.0.1 part 2, block K; OCPP 1.6 §3.13). */
import type { Params } from '../../../model/command.ts';
import { type Actuator, type Applied, CommandFailure, type Order } from '../../driver.ts';
import type { Block, StationCommand } from '../block.ts';
import { type BlockCommands, mergeCommands } from '../block-commands.ts';
import type { Answer, MessageOf } from '../messages.ts';
import type { StartLimit } from '../remote-control/remote-start.ts';
import type { MeterValuesTrigger } from '../remote-control/trigger-meter-values.ts';
import type { Station } from '../station/station.ts';
import type { FallbackSummary } from '../station/station-summary.ts';
import { describeActuators } from './actuators.ts';
import { applyOrder, type OrderContext, setpointsOfStart } from './apply-order.ts';
import { type BackendLimits, noOtherLimits } from './backend-limits.ts';
import { clearChargingProfile, clearCommands } from './clear-charging-profile.ts';
import { ForeignProfiles } from './foreign-profiles.ts';
import { getCompositeSchedule, scheduleCommands } from './get-composite-schedule.ts';
import { fallbackSummary, fallbackTimeS, type LimitSettings } from './limit-settings.ts';
import { Limiter } from './limiter.ts';
import { onNotifyChargingLimit } from './on-notify-charging-limit.ts';
import { onNotifyPriorityCharging } from './on-notify-priority-charging.ts';
import { onPullDynamicScheduleUpdate } from './on-pull-dynamic-schedule-update.ts';

interface SmartChargingOptions {
  limits: LimitSettings;
  /** Only the backend limits the station. */
  isObserving: boolean;
  /** undefined: there is no backend. */
  backendLimits: BackendLimits | undefined;
  meterValues: MeterValuesTrigger;
  /** Starts a transaction where a pause has ended it. */
  restart(evse: number): Promise<unknown>;
  /** Carries out a command that sets no limit. */
  act(command: StationCommand): Promise<Applied>;
}

const limitedCommands = { ...scheduleCommands, ...clearCommands };

/** Limits, phase switching and charging profiles of one station. */
export class SmartCharging implements Block {
  private readonly station: Station;
  private readonly options: SmartChargingOptions;
  private readonly limiter: Limiter;
  private readonly foreignProfiles: ForeignProfiles;
  private readonly orders: OrderContext;

  constructor(station: Station, options: SmartChargingOptions) {
    const { limits: settings, backendLimits, meterValues, restart, act } = options;
    const otherLimits = backendLimits ?? noOtherLimits;
    const policy = backendLimits ? 'keep' : (settings.foreignPolicy ?? 'once');
    this.station = station;
    this.options = options;
    this.foreignProfiles = new ForeignProfiles(station, { policy, otherLimits });
    const { foreignProfiles } = this;
    this.limiter = new Limiter(station, { settings, foreignProfiles, otherLimits, meterValues, restart });
    const { limiter } = this;
    this.orders = { settings, limiter, phaseSwitching: { station, limiter, meterValues }, act };
  }

  actuators(): Actuator[] {
    const { station, options } = this;
    return describeActuators(station.evseIds(), {
      settings: options.limits,
      facts: station.factStore.facts,
      quirks: station.quirks(),
      isLimited: !options.isObserving,
      actions: mergeCommands(station.blocks),
    });
  }

  /** @throws CommandFailure */
  apply(order: Order, signal: AbortSignal): Promise<Applied> {
    return applyOrder(this.orders, order, signal);
  }

  fallback(): FallbackSummary {
    const { limits, isObserving } = this.options;
    return isObserving ? { why: 'watched' } : fallbackSummary(limits, this.station.quirks());
  }

  /** Whether the station falls back by itself without us; where it is not limited from here, there is no need. */
  isGuarded(): boolean {
    const { limits, isObserving } = this.options;
    return isObserving || fallbackTimeS(limits, this.station.quirks()) !== undefined;
  }

  /** @returns charging profiles of others in the station, in words */
  others(): string[] {
    return this.foreignProfiles.describe();
  }

  /**
   * A transaction is about to be started from here.
   * @returns the limit that goes with the start; undefined: the command gives none
   * @throws CommandFailure, CallFailure
   */
  async prepareStart(evse: number, params: Params): Promise<StartLimit | undefined> {
    const setpoints = setpointsOfStart(params);
    if (setpoints && this.options.backendLimits)
      throw new CommandFailure(
        'UNSUPPORTED',
        'a second backend may limit this station, and a limit in start would go before its limits: start without one',
      );
    return this.options.isObserving ? undefined : this.limiter.prepareStart(evse, setpoints);
  }

  /** Sets our limits again. @param isForced also where the station should have them already */
  setAgain(isForced: boolean): Promise<void> {
    return this.limiter.setAgain(isForced);
  }

  onPullDynamicScheduleUpdate(message: MessageOf<'schedule_pull'>): Answer {
    return onPullDynamicScheduleUpdate(this.limiter, message);
  }

  onReportChargingProfiles(message: MessageOf<'profiles'>): Answer {
    this.foreignProfiles.onReportChargingProfiles(message);
    return {};
  }

  /** K15: no profile is computed for the car, which the codec answers. */
  onNotifyEVChargingNeeds(): Answer {
    return {};
  }

  onNotifyChargingLimit(message: MessageOf<'charging_limit'>): Answer {
    onNotifyChargingLimit(this.station, message);
    return {};
  }

  onNotifyPriorityCharging(message: MessageOf<'priority_charging'>): Answer {
    onNotifyPriorityCharging(this.station, message);
    return {};
  }

  commands(): BlockCommands {
    const verbs = this.options.isObserving ? scheduleCommands : limitedCommands;
    return { evse: verbs, station: verbs };
  }

  act(command: StationCommand): Promise<Applied> | undefined {
    switch (command.verb) {
      case 'get_composite_schedule':
        return getCompositeSchedule(this.station, command);
      case 'clear_charging_profile':
        return clearChargingProfile(this.station, command, () => this.limiter.setAgain());
      default:
        return undefined;
    }
  }

  connected(): void {
    this.limiter.onConnected();
    this.foreignProfiles.onConnected();
  }

  usable(wasUsable: boolean): void {
    // The bridge did not see the old connection end, and does not know that the limits have to be set again.
    if (wasUsable) void this.limiter.setAgain();
  }

  async provisioned(signal: AbortSignal): Promise<void> {
    if (!this.options.isObserving) await this.foreignProfiles.survey(signal);
  }

  moved(evse: number): void {
    this.options.backendLimits?.onTransaction(evse, this.station.runningOn(evse) !== undefined);
    if (evse !== 0 && this.station.isUsable) this.limiter.onStatusChange(evse);
  }

  tick(): void {
    this.limiter.tick();
  }

  close(): void {
    this.limiter.close();
    this.foreignProfiles.close();
  }
}
