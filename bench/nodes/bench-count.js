/**
 * The end of a measured flow: counts what arrives and looks for gaps. Tells over HTTP what the process has used, also in a
 * flow without such a node.
 */
export default function register(RED) {
  const counted = { messages: 0, readings: 0, lost: 0 };
  const lastSeq = new Map();
  let latencies = [];

  RED.httpAdmin.get('/bench', (_, response) => {
    const { user, system } = process.cpuUsage();
    const { rss } = process.memoryUsage();
    response.json({ ...counted, cpuUs: user + system, rss, atMs: performance.now(), latencies });
    latencies = [];
  });

  RED.httpAdmin.get('/bench/memory', (request, response) => {
    // With --expose-gc: everything that V8 can collect and give back.
    if ('collected' in request.query)
      for (let i = 0; i < 2; i++) globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    const { user, system } = process.cpuUsage();
    response.json({ ...process.memoryUsage(), cpuUs: user + system, atMs: performance.now() });
  });

  const take = (reading, topic, now) => {
    counted.readings++;
    const last = lastSeq.get(topic);
    if (last !== undefined && reading.seq > last + 1) counted.lost += reading.seq - last - 1;
    lastSeq.set(topic, reading.seq);
    if (counted.readings % 16 === 0) latencies.push(now - Date.parse(reading.ts));
  };

  function BenchCount(config) {
    RED.nodes.createNode(this, config);
    this.on('input', ({ payload, topic }, _, done) => {
      const now = Date.now();
      counted.messages++;
      // Looking at each reading costs; where only messages matter, it is left out.
      if (!config.looks) return done();
      if (Array.isArray(payload)) for (const each of payload) if (each.seq) take(each, each.topic, now);
      if (payload.seq) take(payload, payload.topic ?? topic, now);
      done();
    });
  }
  RED.nodes.registerType('bench-count', BenchCount);
}
