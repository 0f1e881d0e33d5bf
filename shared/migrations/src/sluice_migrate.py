# Sluice's wrapper around Alembic. The image needs nothing of Sluice: the task's command carries this
# file, packed and without its comment lines (wrapper.rs). docs/migrate.md says what it promises.
# Python 3.9, Alembic 1.7, SQLAlchemy 1.4, PostgreSQL 12, and what is newer.
#
#     MODE PROGRAM WAIT LOCK_TIMEOUT HOST PORT ALEMBIC'S ARGUMENTS...
#
# MODE is inspect, upgrade or rehearse; WAIT and LOCK_TIMEOUT are seconds; HOST and PORT are the copy's,
# or empty.
import sys
mode, program, wait, lock_timeout, host, port, *arguments = sys.argv[1:]
import base64, contextlib, io, json, logging, os, re, signal, socket, time, traceback, zlib

# `python -m alembic` looks for modules in the working directory, `alembic` does not: there may be a
# folder `alembic` in it.
if program != 'alembic':
    sys.path.insert(0, '')

# The advisory lock: the letters of `sluice`, as one number.
KEY = int.from_bytes(b'sluice', 'big')
BLOCKING = ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
TABLES = '''select c.oid, case n.nspname when 'public' then c.relname else n.nspname || '.' || c.relname end,
 c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'm')
 and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%' '''
# A partitioned table is as big as its partitions.
SIZES = '''select c.oid,
 coalesce((select sum(greatest(p.reltuples, 0)) from pg_partition_tree(c.oid) t join pg_class p on p.oid = t.relid
  where t.isleaf), c.reltuples)::bigint,
 coalesce((select sum(pg_total_relation_size(relid)) from pg_partition_tree(c.oid)), pg_total_relation_size(c.oid))::bigint
 from pg_class c where c.oid in (%s)'''
COLUMNS = '''select attrelid, attname, format_type(atttypid, atttypmod), not attnotnull,
 atthasdef or attidentity <> '' from pg_attribute where attnum > 0 and not attisdropped and attrelid in (%s)'''
LABELS = '''select attrelid, attname, enumlabel from pg_attribute join pg_enum on enumtypid = atttypid
 where attnum > 0 and not attisdropped and attrelid in (%s) order by enumsortorder'''
INDEXES = '''select indrelid, relname, indisunique from pg_index join pg_class on pg_class.oid = indexrelid
 where indrelid in (%s)'''
# Whoever holds the lock, by database.
holders = {}
passwords = set()
connected = []
# Locks of the transaction under way, by table and mode: since when. And the longest of each.
held, longest, known = {}, {}, {}
statement_began = 0


# Why there is nothing better to tell; the kinds are those of report.rs.
class Trouble(Exception):
    def __init__(self, kind, detail):
        Exception.__init__(self, detail)
        self.kind, self.detail = kind, detail


# One line of a log may hold 16 KB, whoever writes it; chunks leave room.
def report(kind, **fields):
    text = json.dumps(dict(fields, report=kind))
    text = base64.b64encode(zlib.compress(text.encode())).decode()
    chunks = [text[i:i + 8000] for i in range(0, len(text), 8000)]
    for i, chunk in enumerate(chunks):
        print('sluice-report %d/%d %s' % (i + 1, len(chunks), chunk), file=sys.__stdout__, flush=True)


def say(text):
    print('sluice: ' + text, file=sys.stderr, flush=True)


# What may be told of an exception. SQLAlchemy's texts hold statements with their values, and drivers'
# texts the DSN: told are PostgreSQL's own first line, and texts that hold nothing but names.
def told(e):
    cause = getattr(e, 'orig', None) or e
    text = ''
    if code(e):
        server = getattr(cause, '__cause__', None) or cause
        text = getattr(getattr(cause, 'diag', None), 'message_primary', None) or getattr(server, 'message', '')
        # Class 22 quotes data: `invalid input syntax for type integer: "..."`.
        text = str(text).split(': "')[0] if code(e).startswith('22') else str(text)
    elif cause is not e:
        # libpq's `connection to server at "...", port 5432 failed: FATAL:  ...`.
        text = ''.join(re.findall(r'.* failed: (?:FATAL: +)?(.+)', str(cause))[-1:])
    elif isinstance(e, (CommandError, ImportError, SyntaxError, AttributeError, NameError)):
        text = str(e)
    ours = [f for f in traceback.extract_tb(e.__traceback__) if not re.search('/lib/python|^<', f.filename)]
    where = ' (%s, line %s)' % (os.path.relpath(ours[-1].filename), ours[-1].lineno) if ours else ''
    words = type(cause).__name__ + (': ' + text[:500] if text else '') + where
    for password in passwords:
        words = words.replace(password, '***')
    return words


# The SQLSTATE: psycopg2 calls it pgcode.
def code(e):
    e = getattr(e, 'orig', None) or e
    return str(getattr(e, 'sqlstate', None) or getattr(e, 'pgcode', None) or '')


def kind(e):
    if not connected:
        if hasattr(e, 'orig') or code(e) or isinstance(e, (ConnectionError, TimeoutError, socket.gaierror)):
            return 'no-database'
        if isinstance(e, (CommandError, ImportError, SyntaxError)):
            return 'no-config'
    return 'other'


def run(connection, sql):
    cursor = connection.cursor()
    cursor.execute(sql)
    rows = cursor.fetchall() if cursor.description else []
    cursor.close()
    return rows


# The session's lock, not the transaction's: an `autocommit_block` ends transactions.
def take_lock(connection):
    name = run(connection, "select concat_ws(' ', current_database(), inet_server_addr(), inet_server_port())")[0][0]
    if name in holders:
        return
    until = time.monotonic() + int(wait)
    waiting = False
    while not run(connection, 'select pg_try_advisory_lock(%d)' % KEY)[0][0]:
        connection.commit()
        if time.monotonic() >= until:
            raise Trouble('locked', 'another migration held the advisory lock %d for %s s' % (KEY, wait))
        if not waiting:
            say('another migration runs on this database: waiting for it, %s s at most' % wait)
        waiting = True
        time.sleep(1)
    holders[name] = connection


def on_connect(connection, _record):
    raw = getattr(connection, 'driver_connection', connection)
    if host:
        # What the driver says it has reached, not what it was asked for.
        info = getattr(raw, 'info', None)
        there = (info.host, info.port) if info else getattr(raw, '_addr', ())
        if [str(part) for part in there] != [host, port]:
            raise Trouble('not-redirected', 'a connection did not lead to the copy')
    connected.append(1)
    if mode == 'inspect':
        run(connection, 'set default_transaction_read_only = on')
        run(connection, "set statement_timeout = '60s'")
    else:
        # A backend whose client is gone ends, and its locks with it (PostgreSQL 14 and later).
        run(connection, "select set_config(name, '5s', false) from pg_settings where name = 'client_connection_check_interval'")
        take_lock(connection)
        run(connection, "set lock_timeout = '%ds'" % int(lock_timeout))
    if mode == 'rehearse' and not known:
        known.update((oid, name) for oid, name, _ in run(connection, TABLES))
    connection.commit()


def on_close(connection, _record):
    for name in [name for name in holders if holders[name] is connection]:
        del holders[name]


def on_do_connect(_dialect, _record, cargs, cparams):
    passwords.update({cparams.get('password')} - {None, ''})
    if host:
        if any(cargs) or {'dsn', 'service', 'hostaddr'} & set(cparams):
            raise Trouble('not-redirected', 'the connection is not made of a host and a port')
        cparams.update(host=host, port=int(port))


def on_before(*_):
    global statement_began
    statement_began = time.monotonic()


def on_after(connection, *_):
    for oid, lock in run(connection.connection, 'select relation, mode from pg_locks'
                         " where pid = pg_backend_pid() and locktype = 'relation' and granted"):
        if oid in known and lock in BLOCKING:
            held.setdefault((known[oid], lock), statement_began)


def on_end(_connection):
    for key, since in held.items():
        longest[key] = max(longest.get(key, 0), time.monotonic() - since)
    held.clear()


# The tables that the SQL names, as they are now.
def describe(connection, sql):
    query = lambda sql: connection.execute(text(sql)).fetchall()
    words = set(re.findall(r'\w+', sql + ' ' + sql.lower()))
    in_sql = lambda name: set(re.findall(r'\w+', name)) <= words
    every = query(TABLES)
    here = {oid for oid, _, name in every if in_sql(name)}
    # `DROP INDEX` names no table.
    here |= {oid for oid, index in query('select indrelid, relname from pg_index'
                                         ' join pg_class on pg_class.oid = indexrelid') if in_sql(index)}
    names = {oid: name for oid, name, _ in every if oid in here}
    ids = ','.join(str(oid) for oid in names) or '0'
    tables = {oid: dict(rows=rows, bytes=size, columns={}, indexes={}) for oid, rows, size in query(SIZES % ids)}
    for oid, name, kind, nullable, default in query(COLUMNS % ids):
        tables[oid]['columns'][name] = dict(type=kind, nullable=nullable, default=default)
    for oid, name, label in query(LABELS % ids):
        tables[oid]['columns'][name].setdefault('labels', []).append(label)
    for oid, name, unique in query(INDEXES % ids):
        tables[oid]['indexes'][name] = dict(unique=unique)
    return {names[oid]: table for oid, table in tables.items()}


# Reads and renders; `default_transaction_read_only` sees to it that nothing is written.
def inspect(config, options):
    try:
        script = ScriptDirectory.from_config(config)
        heads = script.get_heads()
    except Exception as e:
        raise Trouble('no-config', told(e))
    target = options.revision
    if target == 'head' and len(heads) > 1:
        raise Trouble('several-heads', ', '.join(heads))
    found = dict(sql='', sql_error=None, tables={})

    # `env.py` decides how; what it is to run with the connection is ours.
    def environment(fn, **more):
        with EnvironmentContext(config, script, fn=fn, destination_rev=target, **more):
            script.run_env()

    def look(current, _context):
        found['current'] = list(current)
        return []

    def look_again(_current, context):
        found['tables'] = describe(context.connection, found['sql'])
        return []

    environment(look, dont_mutate=True)
    for revision in found['current']:
        try:
            script.get_revision(revision)
        except CommandError:
            raise Trouble('unknown-revision', 'the database stands at %s, which the image does not have' % revision)
    upgrade = lambda current, _context=None: script._upgrade_revs(target, current)
    steps = upgrade(tuple(found['current']))
    found['pending'] = [(step.revision.revision, step.revision.doc) for step in steps]
    reached = heads if target in ('head', 'heads') else [id for id, _ in found['pending'][-1:]] or found['current']
    found['head'] = ' '.join(reached)
    if steps:
        config.output_buffer = io.StringIO()
        try:
            environment(upgrade, as_sql=True, starting_rev=found['current'] or None)
            found['sql'] = config.output_buffer.getvalue()
            # A report of more than 4,000,000 bytes is not read.
            if len(json.dumps(found['sql'])) > 3000000:
                found['sql_error'] = 'it is more than 3,000,000 characters'
        except Exception as e:
            found['sql_error'] = told(e)
        config.output_buffer = None
        environment(look_again, dont_mutate=True)
    if found['sql_error']:
        found['sql'] = None
    report('inspected', **found)


# As an upgrade, on the copy, and tells how it went.
def rehearse(config, options):
    options.raiseerr = True
    began = time.monotonic()
    alembic(config, options)
    on_end(None)
    took = time.monotonic() - began
    script = ScriptDirectory.from_config(config)
    current = []
    with EnvironmentContext(config, script, fn=lambda heads, _: current.extend(heads) or [], dont_mutate=True):
        script.run_env()
    locks = [(table, lock, int(seconds * 1000)) for (table, lock), seconds in sorted(longest.items())]
    report('rehearsed', took_ms=int(took * 1000), locks=locks, current=current)


try:
    try:
        from alembic.config import CommandLine
        from alembic.runtime.environment import EnvironmentContext
        from alembic.script import ScriptDirectory
        from alembic.util import CommandError
        from sqlalchemy import event, text
        from sqlalchemy.engine import Engine
        from sqlalchemy.pool import Pool
    except ImportError as e:
        raise Trouble('no-alembic', str(e))
    if host:
        # libpq prefers these to the host it is given.
        for name in ('PGHOSTADDR', 'PGSERVICE'):
            os.environ.pop(name, None)
    # Without a handler the first process of a container does not end when it is told to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    event.listen(Engine, 'do_connect', on_do_connect)
    event.listen(Pool, 'connect', on_connect)
    event.listen(Pool, 'close', on_close)
    line = CommandLine(program)
    alembic = line.run_cmd
    if mode == 'upgrade':
        line.main(arguments)
    elif mode == 'inspect':
        # Nothing that migrations print or log while they are only looked at has happened.
        logging.disable(logging.CRITICAL)
        line.run_cmd = inspect
        with contextlib.redirect_stdout(io.StringIO()):
            line.main(arguments)
    else:
        event.listen(Engine, 'before_cursor_execute', on_before)
        event.listen(Engine, 'after_cursor_execute', on_after)
        event.listen(Engine, 'commit', on_end)
        event.listen(Engine, 'rollback', on_end)
        line.run_cmd = rehearse
        line.main(arguments)
except Exception as e:
    if not isinstance(e, Trouble):
        if mode == 'upgrade':
            raise
        e = Trouble(kind(e), told(e))
    say(e.detail)
    report('failed', trouble=e.kind, detail=e.detail)
    sys.exit(75 if e.kind == 'locked' else 1)
