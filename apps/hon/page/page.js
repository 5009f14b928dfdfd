// What the page does: draws what the server streams. No library, nothing from elsewhere.

const $ = (id) => document.getElementById(id);

// ---- Links to the server that come back by themselves ----

const RETRY_MIN = 500;
const RETRY_MAX = 8000;

/** How long to wait before the next try: twice as long each time, and not all tabs at once. */
function backOff(tries) {
  return Math.min(RETRY_MAX, RETRY_MIN * 2 ** tries) * (0.75 + Math.random() / 2);
}

function show(id, state, text) {
  const element = $(id);
  if (element.dataset.state === state && element.textContent === text) return;
  element.dataset.state = state;
  element.textContent = text;
}

/**
 * A WebSocket that is opened again whenever it ends. `on` may have open, message and close.
 */
class Socket {
  #path;
  #on;
  #state;
  #tries = 0;
  #socket = null;

  constructor(path, stateId, on) {
    this.#path = path;
    this.#state = stateId;
    this.#on = on;
    this.#open();
  }

  get ready() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  send(text) {
    if (this.ready) this.#socket.send(text);
  }

  #open() {
    const url = new URL(this.#path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#tries = 0;
      show(this.#state, "good", "connected");
      this.#on.open?.();
    };
    socket.onmessage = (event) => this.#on.message?.(event.data);
    socket.onclose = () => {
      show(this.#state, "wait", "reconnecting");
      this.#on.close?.();
      setTimeout(() => this.#open(), backOff(this.#tries++));
    };
  }
}

/**
 * A stream of events that rests while the page is hidden: browsers allow six connections to a
 * server, over all tabs. EventSource comes back by itself; where it gives up, we do not.
 */
class Stream {
  #path;
  #on;
  #state;
  #tries = 0;
  #source = null;
  #timer = 0;

  constructor(path, stateId, on) {
    this.#path = path;
    this.#state = stateId;
    this.#on = on;
    document.addEventListener("visibilitychange", () => this.#follow());
    addEventListener("pagehide", () => this.#rest());
    addEventListener("pageshow", () => this.#follow());
    this.#follow();
  }

  #follow() {
    if (document.hidden) {
      this.#rest();
      show(this.#state, "rest", "resting");
    } else if (this.#source === null) {
      this.#open();
    }
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #open() {
    show(this.#state, "wait", "connecting");
    const source = new EventSource(this.#path);
    this.#source = source;
    source.onopen = () => {
      this.#tries = 0;
      show(this.#state, "good", "connected");
    };
    source.onmessage = (event) => this.#on(event.data);
    source.onerror = () => {
      show(this.#state, "wait", "reconnecting");
      if (source.readyState !== EventSource.CLOSED) return;
      this.#timer = setTimeout(() => this.#open(), backOff(this.#tries++));
    };
  }
}

// ---- Drawing ----

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** A number with a few digits, and no more of them than mean something. */
function short(value) {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The last POINTS_MAX values as a line over its area, from zero up. */
const POINTS_MAX = 120;
const POINTS_MIN = 30;  // the width of a chart that has fewer
class Chart {
  #values = [];
  #figure;
  #name;

  constructor(id) {
    this.#figure = $(id);
    this.#name = this.#figure.querySelector("figcaption").textContent;
    this.#figure.querySelector("svg").setAttribute("preserveAspectRatio", "none");
  }

  clear() {
    this.#values = [];
  }

  add(value) {
    this.#values.push(value);
    if (this.#values.length > POINTS_MAX) this.#values.shift();
  }

  draw(text, unit) {
    const values = this.#values;
    const top = Math.max(...values) * 1.15 || 1;
    const width = Math.max(POINTS_MIN, values.length) - 1;
    const x = (i) => (width - values.length + 1 + i);
    const points = values.map((value, i) => `${x(i)} ${(39 - (value / top) * 37).toFixed(2)}`);
    const line = `M${points.join("L")}`;
    const svg = this.#figure.querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${width} 40`);
    svg.replaceChildren(
      shape("path", { class: "area", d: `${line}L${x(values.length - 1)} 40L${x(0)} 40Z` }),
      shape("path", { class: "line", d: line }));
    svg.setAttribute("aria-label",
      `${this.#name}: ${text} ${unit}; over ${values.length} seconds from ` +
      `${short(Math.min(...values))} to ${short(Math.max(...values))}`);
    const small = document.createElement("small");
    small.textContent = unit;
    this.#figure.querySelector("output").replaceChildren(text, unit ? " " : "", small);
  }
}

// ---- The figures ----

const charts = Object.fromEntries(
  ["requests", "connections", "cpu", "memory"].map((id) => [id, new Chart(id)]));
let before = null;  // the figures of a second ago

function showLoops(connections) {
  const list = $("loops");
  const most = Math.max(1, ...connections);
  while (list.children.length > connections.length) list.lastChild.remove();
  connections.forEach((count, i) => {
    if (!list.children[i]) {
      const meter = document.createElement("meter");
      meter.min = 0;
      const item = document.createElement("li");
      item.append(`loop ${i}`, meter, document.createElement("span"));
      list.append(item);
    }
    const [meter, text] = list.children[i].children;
    meter.max = most;
    meter.value = count;
    meter.setAttribute("aria-label", `Connections of loop ${i}`);
    text.textContent = count;
  });
}

function age(seconds) {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

function onFigures(data) {
  const now = JSON.parse(data);
  if (before !== null && now.started !== before.started) {
    for (const chart of Object.values(charts)) chart.clear();  // another process
    before = null;
  }
  const seconds = before === null ? 0 : (now.ms - before.ms) / 1000;
  if (before !== null && seconds <= 0) return;  // seen already
  charts.connections.add(now.connections);
  charts.connections.draw(short(now.connections), "");
  const memory = now.memory / (1 << 20);
  charts.memory.add(memory);
  charts.memory.draw(short(memory), "MiB");
  if (before !== null) {
    const requests = (now.requests - before.requests) / seconds;
    charts.requests.add(requests);
    charts.requests.draw(short(requests), "/ s");
    const cpu = (now.cpu_ms - before.cpu_ms) / seconds / 10;
    charts.cpu.add(cpu);
    charts.cpu.draw(short(cpu), "% of a core");
  }
  before = now;
  showLoops(now.loops);
  $("facts").textContent = `${now.requests.toLocaleString("en")} requests in ` +
    `${age(Math.floor((now.ms - now.started) / 1000))} · ${now.backend} · hon ${now.version}`;
}

new Stream("figures", "state", onFigures);

// ---- The clock ----

let ticks = 0;
new Stream("sse", "clock-state", (data) => {
  const time = new Date(data);
  $("clock").dateTime = data;
  $("clock").textContent = data.slice(11, 19);
  $("clock-date").textContent =
    `UTC, ${time.toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" })}`;
  $("ticks").textContent = ++ticks;
});

// ---- The chat ----

const LINES_MAX = 200;
const log = $("chat-log");

function addLine(...parts) {
  const line = document.createElement("li");
  line.append(...parts);  // text stays text
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(line);
  while (log.children.length > LINES_MAX) log.firstChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
  return line;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

const chat = new Socket("chat", "chat-state", {
  open() {
    log.replaceChildren();  // the server tells what was said before
    $("chat-send").disabled = false;
  },
  close() {
    $("chat-send").disabled = true;
  },
  message(data) {
    const said = JSON.parse(data);
    if (said.note !== undefined) {
      addLine(said.note).className = "told";
      return;
    }
    const time = element("time", new Date(said.ms).toTimeString().slice(0, 5));
    time.dateTime = new Date(said.ms).toISOString();
    const name = document.createElement("b");
    name.append(element("bdi", said.name));
    addLine(time, name, " ", element("bdi", said.text));
  },
});

$("chat-name").value = `guest-${Math.floor(Math.random() * 900 + 100)}`;
$("chat-send").disabled = true;
$("chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!chat.ready) return;
  chat.send(`${$("chat-name").value}\n${$("chat-text").value}`);
  $("chat-text").value = "";
  $("chat-text").focus();
});

// ---- The echo ----

const ECHOES_MAX = 60;
const ECHO_BURST = 200;
const echoes = [];   // milliseconds
let sent = null;     // when the message under way left
let burstLeft = 0;

function drawEchoes() {
  const chart = $("echo-chart");
  const sorted = [...echoes].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const shown = echoes.slice(-ECHOES_MAX);
  const top = Math.max(...shown) * 1.05;
  chart.setAttribute("viewBox", `0 0 ${ECHOES_MAX * 4} 60`);
  chart.setAttribute("preserveAspectRatio", "none");
  chart.replaceChildren(
    shape("line", { x1: 0, x2: ECHOES_MAX * 4, y1: 59.5, y2: 59.5 }),
    ...shown.map((value, i) => {
      const height = Math.max(1, (value / top) * 56);
      const x = (ECHOES_MAX - shown.length + i) * 4;
      return shape("rect", { x, width: 3, y: 59 - height, height, rx: 0.8 });
    }));
  $("echo-last").textContent = `${short(echoes.at(-1))} ms`;
  $("echo-median").textContent = `${short(at(0.5))} ms`;
  $("echo-high").textContent = `${short(at(0.95))} ms`;
  chart.setAttribute("aria-label", `Echo times: median ${short(at(0.5))} ms of ${echoes.length}`);
}

const echo = new Socket("ws", "echo-state", {
  open() {
    sent = null;
    burstLeft = 0;
    sendEcho();
  },
  message(data) {
    if (sent === null || data !== `echo ${sent}`) return;
    echoes.push(performance.now() - sent);
    sent = null;
    if (echoes.length > ECHO_BURST) echoes.shift();
    if (burstLeft > 0) {
      burstLeft--;
      sendEcho();
    }
    if (burstLeft === 0) drawEchoes();
  },
});

function sendEcho() {
  if (sent !== null || !echo.ready) return;
  sent = performance.now();
  echo.send(`echo ${sent}`);
}

setInterval(() => { if (!document.hidden) sendEcho(); }, 1000);
$("echo-burst").addEventListener("click", () => {
  if (burstLeft > 0) return;
  burstLeft = ECHO_BURST;
  sendEcho();
});

// ---- The file ----

$("file-measure").addEventListener("click", async () => {
  const button = $("file-measure");
  const progress = $("file-progress");
  button.disabled = true;
  try {
    const began = performance.now();
    const answer = await fetch("file", { cache: "no-store" });
    const size = Number(answer.headers.get("Content-Length"));
    let got = 0;
    for (const reader = answer.body.getReader();;) {
      const { done, value } = await reader.read();
      if (done) break;
      got += value.length;
      progress.value = size > 0 ? got / size : 0;
    }
    const seconds = (performance.now() - began) / 1000;
    const mebibytes = got / (1 << 20);
    $("file-result").textContent = `${short(mebibytes)} MiB in ${short(seconds * 1000)} ms: ` +
      `${short(mebibytes / seconds)} MiB a second`;
  } catch {
    $("file-result").textContent = "The file did not come. Is the server there?";
    progress.value = 0;
  }
  button.disabled = false;
});
