// Peer: the signer of the official JavaScript SDK. sign_sdk.js COUNT prints nanoseconds per signature.
// Started with NODE_PATH. Only addAuthorization is measured: the request exists already, the SDK keeps
// the derived key, and its logger, which by default prints every step, does nothing.
const count = Number(process.argv[2])
const JDCloud = require('jdcloud-sdk-js/src/global')
const SignerV2 = require('jdcloud-sdk-js/src/lib/signers/v2')
const VM = require('jdcloud-sdk-js/src/services/vm')

JDCloud.config.update({ logger: () => {} })
const credentials = { accessKeyId: 'AK', secretAccessKey: 'SK' }
const vm = new VM({ credentials, regionId: 'cn-north-1', version: { vm: 'v1' } })

const requests = []
for (let page = 1; page <= 100; page++) {
  requests.push(new JDCloud.JCRequest(vm, '/v1/regions/{regionId}/images', 'GET', { regionId: 'cn-north-1' },
    { imageSource: 'public', pageNumber: page, pageSize: 100 }, {}, {}, null, ['application/json'], [], null))
}

function run (n) {
  const now = new Date()
  const start = process.hrtime.bigint()
  for (let i = 0; i < n; i++) {
    new SignerV2(requests[i % requests.length], 'vm').addAuthorization(credentials, now)
  }
  return Number(process.hrtime.bigint() - start) / n
}

run(count) // the compiler's share
console.log(run(count))
