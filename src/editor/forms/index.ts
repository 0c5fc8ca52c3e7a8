/** All forms. A new node is one file here and one line below. */
import type { NodeForm } from '../form.ts';
import { aggregateForm } from './ems-aggregate.ts';
import { brokerForm } from './ems-broker.ts';
import { commandForm } from './ems-command.ts';
import { heartbeatForm } from './ems-heartbeat.ts';
import { localBrokerForm } from './ems-local-broker.ts';
import { modbusForm } from './ems-modbus.ts';
import { modbusClientForm } from './ems-modbus-client.ts';
import { chargePointForm } from './ems-ocpp.ts';
import { ocppServerForm } from './ems-ocpp-server.ts';
import { pickForm } from './ems-pick.ts';
import { publishForm } from './ems-publish.ts';
import { simulatorForm } from './ems-simulator.ts';
import { siteForm } from './ems-site.ts';
import { subscribeForm } from './ems-subscribe.ts';
import { sunspecForm } from './ems-sunspec.ts';
import { sunspecServerForm } from './ems-sunspec-server.ts';
import { validateForm } from './ems-validate.ts';

/** The form of each node type. */
export const forms: Readonly<Record<string, NodeForm>> = {
  'ems-aggregate': aggregateForm,
  'ems-broker': brokerForm,
  'ems-command': commandForm,
  'ems-heartbeat': heartbeatForm,
  'ems-local-broker': localBrokerForm,
  'ems-modbus': modbusForm,
  'ems-modbus-client': modbusClientForm,
  'ems-ocpp': chargePointForm,
  'ems-ocpp-server': ocppServerForm,
  'ems-pick': pickForm,
  'ems-publish': publishForm,
  'ems-simulator': simulatorForm,
  'ems-site': siteForm,
  'ems-subscribe': subscribeForm,
  'ems-sunspec': sunspecForm,
  'ems-sunspec-server': sunspecServerForm,
  'ems-validate': validateForm,
};
