/** Node-RED for people who may look and may not change: whoever has no login is one of them. */
module.exports = {
  ...require('../../../dev/settings.cjs'),
  adminAuth: { type: 'credentials', users: [], default: { permissions: 'read' } },
};
