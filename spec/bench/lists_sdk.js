// Peer: the official JavaScript SDK, which leaves the pages to its users. lists_sdk.js ENDPOINT CA_FILE PAGES touch|keep
const [endpoint, , pages, mode] = process.argv.slice(2)
const JDCloud = require('jdcloud-sdk-js/src/global')
const VM = require('jdcloud-sdk-js/src/services/vm')

JDCloud.config.update({ logger: () => {} })
const vm = new VM({
  credentials: { accessKeyId: 'AK', secretAccessKey: 'SK' },
  regionId: 'cn-north-1',
  endpoint: { protocol: 'https', host: endpoint.split('//')[1] },
  version: { vm: 'v1' }
})

async function main () {
  const kept = []
  let count = 0
  let size = 0
  for (let page = 1, total = 1; count < total; page++) {
    const query = { imageSource: 'private', pageNumber: page, pageSize: 100 }
    const { result } = await vm.describeImages(query, 'cn-north-1')
    total = result.totalCount
    for (const image of result.images) {
      count += 1
      size += image.sizeMB
      if (mode === 'keep') kept.push(image)
    }
    if (result.images.length === 0) break
  }
  if (count !== pages * 100 || !(size > 0)) process.exit(1)
}

main()
