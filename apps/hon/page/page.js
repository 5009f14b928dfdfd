// The demo's page: draws the event streams of the server, without a library.

const $ = (id) => document.getElementById(id);

// ---- Links to the server that come back by themselves ----

const RETRY_MIN = 500;
const RETRY_MAX = 8000;
const SILENCE_MAX = 4000;  // milliseconds without news, where the server has some every second

/** How long to wait before the next try: twice as long each time, and not all tabs at once. */
function backOff(tries) {
  return Math.min(RETRY_MAX, RETRY_MIN * 2 ** tries) * (0.75 + Math.random() / 2);
}

/** Sets a link's state; figures with the link's id as data-of are grey in any state but "good". */
function show(id, state, text) {
  const element = $(id);
  if (element.dataset.state === state && element.textContent === text) return;
  element.dataset.state = state;
  element.textContent = text;
  for (const figures of document.querySelectorAll(`[data-of="${id}"]`)) {
    figures.classList.toggle("stale", state !== "good");
  }
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

  /** Shows that an answer is overdue; the next message ends that. */
  overdue() {
    if (this.ready) show(this.#state, "wait", "no answer");
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
    socket.onmessage = (event) => {
      show(this.#state, "good", "connected");
      this.#on.message?.(event.data);
    };
    socket.onclose = () => {
      show(this.#state, "wait", "reconnecting");
      this.#on.close?.();
      setTimeout(() => this.#open(), backOff(this.#tries++));
    };
  }
}

/**
 * A stream with an event every second. The stream is closed while the page is hidden: browsers allow
 * six connections to a server, over all tabs. EventSource reconnects after a lost connection; after an
 * error response or SILENCE_MAX without an event the stream is opened anew.
 */
class Stream {
  #path;
  #on;
  #state;
  #tries = 0;
  #source = null;
  #timer = 0;
  #silence = 0;

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
    clearTimeout(this.#silence);
    this.#source?.close();
    this.#source = null;
  }

  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#rest();
      this.#open();
      show(this.#state, "wait", "no answer");
    }, SILENCE_MAX);
  }

  #open() {
    show(this.#state, "wait", "connecting");
    const source = new EventSource(this.#path);
    this.#source = source;
    source.onopen = () => {
      this.#tries = 0;
      show(this.#state, "good", "connected");
      this.#listen();
    };
    this.#listen();
    source.onmessage = (event) => {
      this.#listen();
      show(this.#state, "good", "connected");
      this.#on(event.data);
    };
    source.onerror = () => {
      clearTimeout(this.#silence);
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

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** A number with a few digits, and no more of them than mean something. */
function short(value) {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A number of a scale: 0.25, 2.5, 1,000, 20K. */
function brief(value) {
  const notation = value < 10000 ? "standard" : "compact";
  return value.toLocaleString("en", { notation, maximumSignificantDigits: 3 });
}

/** The end of a scale that holds `value`: a round number, and so is its half. */
function scaleEnd(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 4, 6].find((factor) => factor * power >= value) ?? 10);
}

/** An SVG with a scale at its left, from zero up, and the times of its ends below. */
const PLOT_HEIGHT = 40;
class Plot {
  svg;
  #scale;
  #times;

  constructor(svg) {
    this.svg = svg;
    svg.setAttribute("preserveAspectRatio", "none");
    [this.#scale, this.#times] = ["scale", "times"].map((name) => {
      const labels = document.createElement("div");
      labels.className = name;
      labels.ariaHidden = "true";  // the SVG has a label that says more
      svg.parentElement.append(labels);
      return labels;
    });
  }

  /** Draws `shapes` over rules at 0, half and all of `end`. */
  draw(width, end, unit, times, ...shapes) {
    this.svg.setAttribute("viewBox", `0 0 ${width} ${PLOT_HEIGHT}`);
    const rules = [0, PLOT_HEIGHT / 2, PLOT_HEIGHT].map((y) =>
      shape("line", { class: "rule", x1: 0, x2: width, y1: y, y2: y }));
    this.svg.replaceChildren(...rules, ...shapes);
    this.#scale.replaceChildren(
      ...[end, end / 2, 0].map((value) => element("span", `${brief(value)}${unit}`)));
    this.#times.replaceChildren(...times.map((time) => element("span", time)));
  }
}

/** The values of the last SPANS.at(-1) seconds as a line over its area. */
const SPANS = [30, 60, 120];  // seconds; a chart is as wide as the first that holds its values
class Chart {
  #points = [];  // {ms, value}, the oldest first
  #figure;
  #name;
  #plot;

  constructor(id) {
    this.#figure = $(id);
    this.#name = this.#figure.querySelector("figcaption").textContent;
    this.#plot = new Plot(this.#figure.querySelector("svg"));
  }

  clear() {
    this.#points = [];
  }

  add(ms, value) {
    this.#points.push({ ms, value });
    while (ms - this.#points[0].ms > SPANS.at(-1) * 1000) this.#points.shift();
  }

  draw(text, unit) {
    const values = this.#points.map((point) => point.value);
    const now = this.#points.at(-1).ms;
    const seconds = (now - this.#points[0].ms) / 1000;
    const span = SPANS.find((width) => width >= seconds);
    const end = scaleEnd(Math.max(...values));
    const x = (ms) => (span - (now - ms) / 1000).toFixed(2);
    const y = (value) => (PLOT_HEIGHT * (1 - value / end)).toFixed(2);
    const line = `M${this.#points.map(({ ms, value }) => `${x(ms)} ${y(value)}`).join("L")}`;
    const area = `${line}V${PLOT_HEIGHT}H${x(this.#points[0].ms)}Z`;
    this.#plot.draw(span, end, "", [`${span} s ago`, "now"],
      shape("path", { class: "area", d: area }), shape("path", { class: "line", d: line }));
    this.#plot.svg.setAttribute("aria-label",
      `${this.#name}: ${text} ${unit}; over ${Math.round(seconds)} seconds from ` +
      `${short(Math.min(...values))} to ${short(Math.max(...values))}`);
    this.#figure.querySelector("output").replaceChildren(text, unit ? " " : "", element("small", unit));
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
      const meter = document.createElement("div");
      meter.className = "meter";
      meter.role = "meter";
      meter.ariaLabel = `Connections of loop ${i}`;
      meter.ariaValueMin = 0;
      meter.append(document.createElement("i"));
      const item = document.createElement("li");
      item.append(`loop ${i}`, meter, document.createElement("span"));
      list.append(item);
    }
    const [meter, text] = list.children[i].children;
    meter.ariaValueMax = most;
    meter.ariaValueNow = count;
    meter.firstChild.style.width = `${(count / most) * 100}%`;
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
  charts.connections.add(now.ms, now.connections);
  charts.connections.draw(short(now.connections), "");
  const memory = now.memory / (1 << 20);
  charts.memory.add(now.ms, memory);
  charts.memory.draw(short(memory), "MiB");
  if (before !== null) {
    const requests = (now.requests - before.requests) / seconds;
    charts.requests.add(now.ms, requests);
    charts.requests.draw(short(requests), "/ s");
    const cpu = (now.cpu_ms - before.cpu_ms) / seconds / 10;
    charts.cpu.add(now.ms, cpu);
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

function showHint() {
  $("chat-hint").hidden = log.children.length > 0;
}

function addLine(...parts) {
  const line = document.createElement("li");
  line.append(...parts);  // text stays text
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(line);
  while (log.children.length > LINES_MAX) log.firstChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
  showHint();
  return line;
}

const chat = new Socket("chat", "chat-state", {
  open() {
    log.replaceChildren();  // the server sends the lines of before
    showHint();
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

const echoPlot = new Plot($("echo-chart"));

/** A function from a share, below 1, to the value that this share of `values` does not exceed. */
function ranked(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (share) => sorted[Math.floor(sorted.length * share)];
}

function drawEchoes() {
  const at = ranked(echoes);
  const shown = echoes.slice(-ECHOES_MAX);
  const end = scaleEnd(Math.max(...shown));
  echoPlot.draw(ECHOES_MAX * 4, end, " ms", [`${ECHOES_MAX} echoes ago`, "now"],
    ...shown.map((value, i) => {
      const height = (value / end) * PLOT_HEIGHT;
      const x = (ECHOES_MAX - shown.length + i) * 4;
      return shape("rect", { x, width: 3, y: PLOT_HEIGHT - height, height });
    }));
  $("echo-last").textContent = `${short(echoes.at(-1))} ms`;
  $("echo-median").textContent = `${short(at(0.5))} ms`;
  $("echo-high").textContent = `${short(at(0.95))} ms`;
  echoPlot.svg.setAttribute("aria-label", `Echo times: median ${short(at(0.5))} ms of ${echoes.length}`);
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
  if (sent !== null && performance.now() - sent > SILENCE_MAX) echo.overdue();
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

// ---- The requests ----

const LOAD_REQUESTS = 10000;
const LOAD_PARALLEL = 8;  // more than the connections that a browser opens, so that none waits for the page
const LOAD_DRAW = 100;    // milliseconds between two drawings
const loadButton = $("load-start");
const loadText = loadButton.textContent;
let load = null;  // the AbortController of the requests under way

function drawLoad(times, began) {
  $("load-progress").value = times.length;
  if (times.length === 0) return;
  const at = ranked(times);
  $("load-rate").textContent = short(Math.round(times.length / ((performance.now() - began) / 1000)));
  $("load-median").textContent = `${short(at(0.5))} ms`;
  $("load-high").textContent = `${short(at(0.95))} ms`;
}

/** Sends LOAD_REQUESTS requests, LOAD_PARALLEL at a time; `times` gets the milliseconds of each. */
async function sendRequests(times, signal) {
  let left = LOAD_REQUESTS;
  const options = { cache: "no-store", headers: { Accept: "text/plain" }, signal };
  await Promise.all(Array.from({ length: LOAD_PARALLEL }, async () => {
    while (left-- > 0) {
      const began = performance.now();
      const answer = await fetch("./", options);
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      times.push(performance.now() - began);
    }
  }));
}

loadButton.addEventListener("click", async () => {
  if (load !== null) return load.abort();
  load = new AbortController();
  const { signal } = load;
  const times = [];
  loadButton.textContent = "Stop";
  $("load-result").textContent = "sending";
  const began = performance.now();
  const drawing = setInterval(() => drawLoad(times, began), LOAD_DRAW);
  let problem = "";
  try {
    await sendRequests(times, signal);
  } catch {
    problem = signal.aborted ? "Stopped. " : "A request failed. Is the server there? ";
    load.abort();  // the other requests
  }
  clearInterval(drawing);
  drawLoad(times, began);
  $("load-result").textContent = `${problem}${times.length.toLocaleString("en")} requests answered in ` +
    `${short((performance.now() - began) / 1000)} s`;
  loadButton.textContent = loadText;
  load = null;
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
