# Runs Python programs, each in a fork of this process, which has imported what takes long. A request
# is a line of JSON on standard input: argv, env, cwd. The answer is a line: code, stdout, stderr.
import json
import os
import sys
import tempfile
import traceback

# What programs import.
import alembic.autogenerate  # noqa: F401
import alembic.command  # noqa: F401
import alembic.config  # noqa: F401
import app.models  # noqa: F401
import app.settings  # noqa: F401
import asyncpg  # noqa: F401
import psycopg  # noqa: F401
import psycopg2  # noqa: F401
import pydantic_settings  # noqa: F401
import sqlalchemy.dialects.postgresql  # noqa: F401
import sqlalchemy.ext.asyncio  # noqa: F401
import sqlalchemy.orm  # noqa: F401


def child(request, stdout, stderr):
    os.dup2(stdout.fileno(), 1)
    os.dup2(stderr.fileno(), 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(request["cwd"])
    os.environ.update(request["env"])
    # As `python -c TEXT ...` and `python FILE ...` have it.
    _python, *argv = request["argv"]
    if argv[0] == "-c":
        name, text, sys.argv, sys.path[0] = "<string>", argv[1], ["-c", *argv[2:]], ""
    else:
        name, sys.argv, sys.path[0] = argv[0], argv, os.path.dirname(argv[0])
        with open(name) as file:
            text = file.read()
    code = 0
    try:
        exec(compile(text, name, "exec"), {"__name__": "__main__", "__file__": name})
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 255)


for line in sys.stdin:
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        pid = os.fork()
        if pid == 0:
            child(json.loads(line), stdout, stderr)
        _, status = os.waitpid(pid, 0)
        answer = {"code": os.waitstatus_to_exitcode(status)}
        for name, file in (("stdout", stdout), ("stderr", stderr)):
            file.seek(0)
            answer[name] = file.read().decode(errors="replace")
        print(json.dumps(answer), flush=True)
