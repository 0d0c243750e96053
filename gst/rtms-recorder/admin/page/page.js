// SPDX-License-Identifier: LGPL-2.1-or-later
// The operator's page. Data of meetings is inserted as text only, never as HTML. Elements on the
// page are updated, not replaced, so that they keep the focus.
'use strict';

const kEvery_ms = 1000, kPatience_ms = 5000, kMostNames = 8;
const $ = id => document.getElementById(id);
const rows = new Map();        // of running meetings, by folder
const recordings = new Map();  // items of the list, by folder

function put(element, text) {
  if (element.textContent !== text)
    element.textContent = text;
}

// Copies a template. Returns its elements by their data-is.
function copy(template) {
  const root = $(template).content.cloneNode(true).firstElementChild;
  const parts = {root};
  for (const part of root.querySelectorAll('[data-is]'))
    parts[part.dataset.is] = part;
  return parts;
}

async function json(url) {
  const answer = await fetch(url, {cache: 'no-store', signal: AbortSignal.timeout(kPatience_ms)});
  if (!answer.ok)
    throw new Error(`${answer.status} ${await answer.text()}`.trim());
  return answer.json();
}

function clock(seconds) {
  const two = number => String(number).padStart(2, '0');
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; bytes >= 1000 && unit < units.length - 1; unit++)
    bytes /= 1000;
  return `${bytes.toFixed(unit && bytes < 100 ? 1 : 0)} ${units[unit]}`;
}

function list(names, count = names.length) {
  const some = names.slice(0, kMostNames);
  return some.join(', ') + (count > some.length ? ` and ${count - some.length} more` : '');
}

// ---- now -----------------------------------------------------------------------------

function show_meeting(meeting) {
  let row = rows.get(meeting.folder);
  if (!row) {
    row = copy('meeting');
    rows.set(meeting.folder, row);
    $('meetings').tBodies[0].append(row.root);
  }
  put(row.folder, meeting.folder);
  put(row.state, meeting.state + (meeting.push ? `, push ${meeting.push}` : ''));
  put(row.time, clock(meeting.seconds));
  put(row.speaking, list(meeting.speaking) || '–');
  const silent = meeting.level_db < row.meter.min;
  row.meter.value = Math.max(meeting.level_db, row.meter.min);
  put(row.level, silent ? 'silent' : `${meeting.level_db} dB`);
  put(row.behind, `${(meeting.behind_ms / 1000).toFixed(1)} s`);
  put(row.reconnects, String(meeting.reconnects));
  put(row.file, size(meeting.file_bytes));
}

function show_now(now) {
  const folders = new Set(now.meetings.map(meeting => meeting.folder));
  const started = [...folders].filter(folder => !rows.has(folder));
  const ended = [...rows.keys()].filter(folder => !folders.has(folder));
  now.meetings.forEach(show_meeting);
  // The meeting was listed before it was known as running; its files change until its end.
  for (const folder of started) {
    recordings.get(folder)?.root.remove();
    recordings.delete(folder);
  }
  for (const folder of ended) {
    rows.get(folder).root.remove();
    rows.delete(folder);
  }
  $('meetings').hidden = rows.size === 0;
  $('nothing').hidden = rows.size > 0;
  put($('free'), size(now.free_bytes));
  for (const total of ['finished', 'failed', 'refused'])
    put($(total), String(now[total]));
  const stale = now.age_ms > kPatience_ms;
  const well = now.health === 'ok' && !stale;
  put($('health'), stale ? 'Recorder does not answer' : well ? 'Healthy' : now.health);
  $('health').className = `badge ${well ? 'good' : 'bad'}`;
  document.title = rows.size ? `(${rows.size}) rtms-recorder` : 'rtms-recorder';
  return {started, ended, over: now.finished + now.failed};
}

let first = true, listed = -1;  // number of ended meetings when the recordings were listed
async function look() {
  try {
    const {started, ended, over} = show_now(await json('api/meetings'));
    $('problem').hidden = true;
    // Announced once per meeting: a screen reader would never finish news of each second.
    const news = [started.length ? `Recording ${started.join(', ')}` : '',
                  ended.length ? `Ended ${ended.join(', ')}` : ''].filter(Boolean);
    if (news.length && !first)
      put($('news'), news.join('. '));
    // Timers of a background tab may be a minute late: a meeting may begin and end in between.
    if (ended.length || over !== listed) {
      await show_recordings();
      listed = over;
    }
    first = false;
  } catch (error) {
    put($('problem'), `The recorder cannot be reached: ${error.message}. What is shown is not up to date.`);
    $('problem').hidden = false;
  }
  setTimeout(look, kEvery_ms);
}

// ---- recordings ----------------------------------------------------------------------

function describe(item, report) {
  const started = new Date(report.started);
  const when = Number.isNaN(started.valueOf()) ? '' : started.toLocaleString();
  const part = report.part > 1 ? `, part ${report.part}` : '';
  put(item.title, `${when || item.folder} – ${report.meeting_id || report.id || report.stream_id || ''}${part}`);
  const reason = report.error || report.end_reason;
  const length = report.duration_s === undefined ? '' : clock(report.duration_s);
  put(item.summary, [report.state, length, reason].filter(Boolean).join(' · '));
  item.summary.classList.toggle('failed', report.state === 'failed');
  const spoke = (report.tracks?.[0]?.speakers || []).map(one => one.user_name || one.user_id);
  const names = [...new Set(spoke)];
  const people = report.participant_count ?? 0;
  put(item.people, `${people} ${people === 1 ? 'participant' : 'participants'}` +
      (names.length ? `. Spoke: ${list(names)}` : ''));
  item.people.hidden = false;
}

function close_player(item) {
  item.player.replaceChildren();
  item.player.hidden = true;
  item.play.setAttribute('aria-expanded', 'false');
  put(item.play_word, 'Play');
}

function open_player(item, path, files, name) {
  const video = document.createElement('video');
  Object.assign(video, {controls: true, preload: 'metadata', src: path + name});
  video.setAttribute('aria-labelledby', item.title.id);
  if (files['meeting.vtt']) {
    const track = document.createElement('track');
    Object.assign(track, {kind: 'captions', label: 'Captions', src: `${path}meeting.vtt`, default: true});
    video.append(track);
  }
  const failure = document.createElement('p');
  failure.setAttribute('role', 'status');
  video.addEventListener('error', () => put(failure, 'This browser cannot play the file. Download it instead.'));
  item.player.replaceChildren(video, failure);
  item.player.hidden = false;
  item.play.setAttribute('aria-expanded', 'true');
  put(item.play_word, 'Close player');
  video.play().catch(() => {});  // the user can also start it by the controls
}

function hidden_text(text) {
  const span = document.createElement('span');
  span.className = 'hidden-visually';
  span.textContent = ` ${text}`;
  return span;
}

function add_downloads(item, path, files) {
  for (const [name, bytes] of Object.entries(files)) {
    const link = document.createElement('a');
    link.href = path + encodeURIComponent(name);
    link.download = `${item.folder}_${name}`;
    link.append(`${name} (${size(bytes)})`, hidden_text(`of ${item.folder}`));
    item.downloads.append(link);
  }
}

function add_recording(found) {
  const item = Object.assign(copy('recording'), {folder: found.folder});
  const path = `recordings/${encodeURIComponent(found.folder)}/`;
  const video = ['meeting.mp4', 'meeting.mkv'].find(name => found.files[name]);
  item.title.id = `title-${found.folder}`;
  put(item.title, found.folder);
  item.play_word = document.createElement('span');
  item.play_word.textContent = 'Play';
  item.play.replaceChildren(item.play_word, hidden_text(found.folder));
  item.play.hidden = !video;
  item.play.addEventListener('click', () => {
    if (item.player.hidden)
      open_player(item, path, found.files, video);
    else
      close_player(item);
  });
  add_downloads(item, path, found.files);
  recordings.set(found.folder, item);
  // The newest first.
  const next = [...$('recordings').children].find(other => other.dataset.folder < found.folder);
  item.root.dataset.folder = found.folder;
  $('recordings').insertBefore(item.root, next || null);
  return json(`${path}meeting.json`).then(report => describe(item, report), () => {
    put(item.summary, 'meeting.json cannot be read');
  });
}

// Adds recordings that are not shown yet. Returns the first of them.
async function show_recordings(before = '') {
  const page = await json(before ? `api/recordings/before/${encodeURIComponent(before)}` : 'api/recordings');
  const fresh = page.recordings.filter(found => !recordings.has(found.folder));
  const more = before !== '' || recordings.size === 0;
  const filled = fresh.map(add_recording);
  if (more) {
    $('older').dataset.before = page.older;
    $('older').hidden = page.older === '';
  }
  $('none').hidden = recordings.size > 0;
  await Promise.all(filled);
  return fresh.length ? recordings.get(fresh[0].folder) : null;
}

$('older').addEventListener('click', async () => {
  try {
    const item = await show_recordings($('older').dataset.before);
    // The button may be hidden now, and have lost the focus.
    if (item)
      item.title.focus();
  } catch (error) {
    put($('problem'), `Older recordings cannot be listed: ${error.message}`);
    $('problem').hidden = false;
  }
});

look();
