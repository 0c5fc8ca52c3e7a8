/** The configuration of a station of OCPP 1.6 §9, as one in the field has it. */
import type { Wiring } from './offer.ts';
import type { Quirks } from './quirks.ts';
import { measurands } from './readings.ts';
import { count, createSettings, fixed, flag, list, type Settings, words } from './settings.ts';

const profiles =
  'Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger,SecurityExtensions';

export const createSettings16 = (wirings: readonly Wiring[], quirks: Quirks): Settings =>
  createSettings([
    flag('AllowOfflineTxForUnknownId', true),
    { ...words('AuthorizationKey', ''), isSecret: true },
    flag('AuthorizationCacheEnabled', false),
    flag('AuthorizeRemoteTxRequests', false),
    count('BlinkRepeat', 3),
    fixed('ChargeProfileMaxStackLevel', 8),
    fixed('ChargingScheduleAllowedChargingRateUnit', quirks.rateUnits),
    fixed('ChargingScheduleMaxPeriods', 24),
    count('ClockAlignedDataInterval', 0),
    count('ConnectionTimeOut', 60),
    words('ConnectorPhaseRotation', '0.RST'),
    fixed('ConnectorPhaseRotationMaxLength', 4),
    fixed(
      'ConnectorSwitch3to1PhaseSupported',
      wirings.some(({ canSwitchPhases }) => canSwitchPhases),
    ),
    fixed('GetConfigurationMaxKeys', 60),
    count('HeartbeatInterval', 300),
    count('LightIntensity', 80),
    flag('LocalAuthListEnabled', true),
    fixed('LocalAuthListMaxLength', 100),
    flag('LocalAuthorizeOffline', true),
    flag('LocalPreAuthorize', false),
    fixed('MaxChargingProfilesInstalled', 30),
    count('MaxEnergyOnInvalidId', 0),
    list('MeterValuesAlignedData', 'Energy.Active.Import.Register', measurands),
    fixed('MeterValuesAlignedDataMaxLength', measurands.length),
    list('MeterValuesSampledData', 'Energy.Active.Import.Register,Power.Active.Import', measurands),
    fixed('MeterValuesSampledDataMaxLength', measurands.length),
    count('MeterValueSampleInterval', 60),
    count('MinimumStatusDuration', 0),
    fixed('NumberOfConnectors', wirings.length),
    fixed('ReserveConnectorZeroSupported', false),
    count('ResetRetries', 1),
    fixed('SecurityProfile', 0),
    fixed('SendLocalListMaxLength', 50),
    flag('StopTransactionOnEVSideDisconnect', true),
    flag('StopTransactionOnInvalidId', true),
    list('StopTxnAlignedData', '', measurands),
    list('StopTxnSampledData', 'Energy.Active.Import.Register', measurands),
    fixed('SupportedFeatureProfiles', profiles),
    fixed('SupportedFeatureProfilesMaxLength', 8),
    count('TransactionMessageAttempts', 3),
    count('TransactionMessageRetryInterval', 5),
    flag('UnlockConnectorOnEVSideDisconnect', true),
    count('WebSocketPingInterval', 0),
  ]);
