"""The queue in PostgreSQL: the statements by which the distributed engine uses procrastinate's tables.

A job is a wake-up of one target. Its lock, which is also its queueing lock, is the repository's id and the number: the
table's unique indexes allow one job of a target that waits and one that runs, whoever inserts and takes them.

Jobs are taken by `priority`, highest first. It is a moment, negated: when the job was asked for (or falls due), plus
`AGE` seconds for each step of the engine's priority, plus `TURN` seconds for each job of its repository that waits. So
the more pressing goes first, whatever has waited `AGE` seconds longer goes before the next step, and repositories take
turns; no later arrival changes the order of those that wait, and taking one needs only an index.
"""

from bot.engine.queue import AGE
from bot.urgency import AWAITED

TURN, MOST_TURNS = 4, 14
"""Seconds behind for each waiting job of the same repository, together less than a step of priority."""
_BEGIN = 1767225600
"""The moment from which the seconds of `priority` count: the start of 2026."""
SEPARATOR = ":"
TASK = "evaluate"
PRESSING, LATER = "pressing", "background"
"""The queues: background work never has all workers of a process."""
ASKED = "assay_asked"
"""The channel that tells the process which runs a target that it was asked for again, and how pressingly."""
LEADER = "assay_leader"
"""The channel that calls the process that leads."""
CHANGED = "assay_changed"
"""The channel that tells all processes of a target of which they remember something."""
TELL = "SELECT pg_notify(%(channel)s, %(message)s)::text AS told"

_NOTIFY = 'pg_notify(\'procrastinate_queue_v1#\' || queue_name, \'{"type": "job_inserted", "job_id": 0}\')::text'
"""Procrastinate's triggers tell of a job that is inserted, not of one that becomes more pressing."""
_MORE_PRESSING = """
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE SET
    priority = greatest(job.priority, excluded.priority),
    queue_name = greatest(job.queue_name, excluded.queue_name),
    args = excluded.args || jsonb_build_object(
        'spaced', (job.args ->> 'spaced')::boolean AND (excluded.args ->> 'spaced')::boolean,
        'priority', least((job.args ->> 'priority')::integer, (excluded.args ->> 'priority')::integer)),
    scheduled_at = CASE WHEN job.scheduled_at IS NOT NULL AND excluded.scheduled_at IS NOT NULL
        THEN least(job.scheduled_at, excluded.scheduled_at) END
WHERE excluded.priority > job.priority OR excluded.queue_name > job.queue_name
    OR excluded.args -> 'target' <> job.args -> 'target'
    OR (job.args ->> 'spaced')::boolean > (excluded.args ->> 'spaced')::boolean
    OR job.scheduled_at > coalesce(excluded.scheduled_at, '-infinity')
"""
"""A job that waits is only written where it changes: the sweep puts all of them each minute."""
PUT = f"""
WITH asked AS (
    SELECT one.*, split_part(lock, ':', 1) AS repository,
        row_number() OVER (PARTITION BY split_part(lock, ':', 1), queue) - 1 AS before
    FROM jsonb_to_recordset(%(asked)s -> 'jobs') AS one
        (lock text, queue text, priority integer, delay float, spaced boolean, args jsonb, message text)
), due AS (
    SELECT asked.*, greatest(
        CASE WHEN asked.spaced AND rest.until > now() THEN rest.until END,
        CASE WHEN asked.delay > 0 THEN now() + asked.delay * interval '1 second' END
    ) AS at, (
        SELECT count(*) FROM (
            SELECT FROM procrastinate_jobs AS job
            WHERE split_part(job.lock, ':', 1) = asked.repository AND job.status = 'todo' AND job.lock <> asked.lock
                AND job.queue_name = asked.queue AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())
            LIMIT {MOST_TURNS}
        ) AS others
    ) AS waiting
    FROM asked LEFT JOIN queue_rests AS rest ON rest.lock = asked.lock
), put AS (
    INSERT INTO procrastinate_jobs AS job (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    SELECT queue, '{TASK}',
        -(extract(epoch FROM coalesce(at, now()))::bigint - {_BEGIN}
          + {AGE:.0f} * priority + {TURN} * least(waiting + before, {MOST_TURNS}))::integer,
        lock, lock, args, at
    FROM due ORDER BY lock  -- in one order, so that two processes do not wait for each other
    {_MORE_PRESSING}
    RETURNING queue_name, xmax <> 0 AS again
)
SELECT {_NOTIFY} FROM (SELECT DISTINCT queue_name FROM put WHERE again) AS changed
UNION ALL
SELECT pg_notify('{ASKED}', message)::text FROM asked
WHERE EXISTS (SELECT FROM procrastinate_jobs AS job WHERE job.lock = asked.lock AND job.status = 'doing')
"""  # noqa: S608 - constants of this module
_TAKE = """
WITH candidate AS (
    SELECT id FROM procrastinate_jobs AS job
    WHERE status = 'todo' {of_queue} AND (scheduled_at IS NULL OR scheduled_at <= now())
        AND split_part(lock, ':', 1) <> ALL(%(busy)s)
        AND NOT EXISTS (SELECT FROM procrastinate_jobs AS other WHERE other.lock = job.lock AND other.status = 'doing')
    ORDER BY priority DESC, id LIMIT 1
    FOR UPDATE OF job SKIP LOCKED
)
UPDATE procrastinate_jobs AS job SET status = 'doing', worker_id = %(worker)s FROM candidate
WHERE job.id = candidate.id
RETURNING job.id, status, task_name, priority, lock, queueing_lock, args, scheduled_at, queue_name, attempts, worker_id
"""
TAKE = _TAKE.format(of_queue="")
TAKE_PRESSING = _TAKE.format(of_queue=f"AND queue_name = '{PRESSING}'")
TAKE_AWAITED = _TAKE.format(
    of_queue=f"AND queue_name = '{PRESSING}' AND (args ->> 'priority')::integer = {AWAITED}"
    f" AND priority > -(extract(epoch FROM now())::bigint - {_BEGIN} + {TURN * MOST_TURNS + 1})"
)
"""A job that somebody waits for. All of them rank so high, so the rest of the index is not read."""
PLANS = (
    "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off -c jit=off -c plan_cache_mode=force_custom_plan"
)
"""The planner's settings: the queue changes too fast for its statistics, and each statement has its index."""
NEXT = """
SELECT extract(epoch FROM min(scheduled_at) - clock_timestamp())::float AS seconds FROM procrastinate_jobs
WHERE status = 'todo' AND scheduled_at IS NOT NULL AND scheduled_at > now()
"""
FINISH = f"""
WITH done AS (
    DELETE FROM procrastinate_jobs WHERE id = %(id)s AND status = 'doing' AND worker_id = %(worker)s RETURNING lock
), rest AS (
    INSERT INTO queue_rests (lock, until) SELECT lock, now() + %(rest)s * interval '1 second' FROM done
    ON CONFLICT (lock) DO UPDATE SET until = excluded.until
), waiting AS (
    UPDATE procrastinate_jobs AS job
    SET scheduled_at = greatest(job.scheduled_at, now() + %(rest)s * interval '1 second')
    FROM done WHERE job.queueing_lock = done.lock AND job.status = 'todo' AND (job.args ->> 'spaced')::boolean
    RETURNING queue_name
)
SELECT {_NOTIFY} FROM procrastinate_jobs AS job JOIN done ON job.queueing_lock = done.lock WHERE job.status = 'todo'
"""  # noqa: S608 - as above
_PUT_BACK = f"""
INSERT INTO procrastinate_jobs AS job (queue_name, task_name, priority, lock, queueing_lock, args)
SELECT queue_name, task_name, priority, lock, queueing_lock, args FROM taken
{_MORE_PRESSING}
RETURNING lock
"""  # noqa: S608 - as above
HELD = "SELECT id FROM procrastinate_jobs WHERE id = %(id)s AND status = 'doing' AND worker_id = %(worker)s"
MINE = "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %(worker)s"
HAND_BACK = f"""
WITH taken AS (
    DELETE FROM procrastinate_jobs WHERE id = ANY(%(ids)s) AND status = 'doing' AND worker_id = %(worker)s RETURNING *
)
{_PUT_BACK}
"""  # noqa: S608 - as above
_TAKE_OVER = """
WITH gone AS (
    DELETE FROM procrastinate_workers WHERE {of_workers} RETURNING id
), taken AS (
    DELETE FROM procrastinate_jobs WHERE status = 'doing' AND (worker_id IS NULL OR worker_id IN (SELECT id FROM gone))
    RETURNING *
)
{put_back}
"""
TAKE_OVER = _TAKE_OVER.format(of_workers="last_heartbeat < now() - %(dead)s * interval '1 second'", put_back=_PUT_BACK)
SUCCEED = _TAKE_OVER.format(of_workers="id = %(worker)s", put_back=_PUT_BACK)
DATABASE = """
SELECT system_identifier || '/' || pg_database.oid AS name
FROM pg_control_system(), pg_database WHERE datname = current_database()
"""
"""Names a database among all, also among copies of it."""
HEARTBEAT = "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %(worker)s RETURNING id"
LIVING = """
SELECT count(*) AS living FROM procrastinate_workers WHERE last_heartbeat > now() - %(dead)s * interval '1 second'
"""
CANCEL = "DELETE FROM procrastinate_jobs WHERE queueing_lock = %(lock)s AND status = 'todo' RETURNING id"
BUSY = """
SELECT EXISTS (
    SELECT FROM procrastinate_jobs
    WHERE status = 'doing' OR (status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()))
) AS busy
"""
FORGET_RESTS = "DELETE FROM queue_rests WHERE until < now() RETURNING lock"
FORGET_SCHEDULES = "DELETE FROM queue_schedules RETURNING name"
DUE = """
SELECT greatest(0, extract(epoch FROM max(started_at) - now())::float + %(seconds)s) AS seconds
FROM queue_schedules WHERE name = %(name)s
"""
STARTED = """
INSERT INTO queue_schedules (name, started_at) VALUES (%(name)s, now())
ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at RETURNING name
"""
