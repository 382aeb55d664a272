// Peer: the official JavaScript SDK. lists_sdk.js ENDPOINT CA_FILE PAGES touch|keep
// It is started with NODE_PATH (where npm put the SDK) and NODE_EXTRA_CA_CERTS, and silenced: by default
// it logs every request. It opens a connection a request; there is no option to keep one.
const [endpoint, , pages, mode] = process.argv.slice(2)
const JDCloud = require('jdcloud-sdk-js/src/global')
const VM = require('jdcloud-sdk-js/src/services/vm')

JDCloud.config.update({ logger: () => {} })
const vm = new VM({
  credentials: { accessKeyId: 'AK', secretAccessKey: 'SK' },
  regionId: 'cn-north-1',
  endpoint: { protocol: 'https', host: endpoint.replace('https://', '') },
  version: { vm: 'v1' }
})

async function main () {
  let count = 0
  let size = 0
  const kept = []
  for (let page = 1; page <= Number(pages); page++) {
    const answer = await vm.describeImages({ imageSource: 'private', pageNumber: page, pageSize: 100 }, 'cn-north-1')
    for (const image of answer.result.images) {
      count++
      size += image.sizeMB
      if (mode === 'keep') kept.push(image)
    }
  }
  if (count !== Number(pages) * 100 || size === 0) throw new Error(`${count} images`)
}

main().then(() => process.exit(0), error => { console.error(error); process.exit(1) })
