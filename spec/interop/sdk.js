// Runs tasks with the official JavaScript SDK: sdk.js ENDPOINT <tasks.json >answers.json
// Started with NODE_PATH (where npm put the SDK) and NODE_EXTRA_CA_CERTS (the emulator's authority).
const [endpoint] = process.argv.slice(2)
const JDCloud = require('jdcloud-sdk-js/src/global')
const VM = require('jdcloud-sdk-js/src/services/vm')
const uuid = require('uuid')

JDCloud.config.update({ logger: () => {} })

function client (task) {
  return new VM({
    credentials: { accessKeyId: task.access_key, secretAccessKey: task.secret_key },
    regionId: task.region,
    endpoint: { protocol: endpoint.split(':')[0], host: endpoint.split('//')[1] },
    version: { vm: 'v1' }
  })
}

const tasks = {
  // Page by page until nothing more comes.
  async list (task) {
    const vm = client(task)
    const images = []
    for (let page = 1; ; page++) {
      const answer = await vm.describeImages({ ...task.params, pageNumber: page, pageSize: task.size }, task.region)
      images.push(...answer.result.images)
      if (answer.result.images.length === 0 || images.length >= answer.result.totalCount) {
        return { images, pages: page, total: answer.result.totalCount }
      }
    }
  },

  async ids (task) {
    return (await client(task).describeImages(task.params, task.region)).result
  },

  async describe (task) {
    return (await client(task).describeImage({ imageId: task.id }, task.region)).result.image
  },

  // What the SDK would send, with the clock and the nonce held still.
  async sign (task) {
    const { fetch } = JDCloud
    const { iso8601 } = JDCloud.util.date
    const { v4 } = uuid
    let sent
    JDCloud.util.date.iso8601 = () => task.date
    uuid.v4 = () => task.nonce
    JDCloud.fetch = Object.assign(async request => {
      sent = { url: request.url, headers: {} }
      request.headers.forEach((value, name) => { sent.headers[name] = value })
      return { ok: true, json: async () => ({}) }
    }, { Request: fetch.Request, Headers: fetch.Headers })
    try {
      await client(task).describeImages(task.params, task.region)
    } finally {
      JDCloud.fetch = fetch
      JDCloud.util.date.iso8601 = iso8601
      uuid.v4 = v4
    }
    return sent
  }
}

async function main () {
  let text = ''
  for await (const chunk of process.stdin) text += chunk
  const answers = []
  for (const task of JSON.parse(text)) {
    try {
      answers.push({ value: await tasks[task.what](task) })
    } catch (error) {
      answers.push({ error: error.error || { message: String(error) } })
    }
  }
  process.stdout.write(JSON.stringify(answers))
}

main()
