"""The servers that other tests stop and freeze."""

import socket

import psycopg
import pytest

from tests.servers import postgres_server, redis_server

pytestmark = pytest.mark.slow


def test_a_postgresql_is_stopped_frozen_and_started_again():
    with postgres_server() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (number int)")
            server.freeze()
            with pytest.raises(psycopg.errors.ConnectionTimeout):
                psycopg.connect(server.url, connect_timeout=2)
            server.thaw()
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        server.stop()
        with pytest.raises(psycopg.OperationalError, match="refused"):
            psycopg.connect(server.url)
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_redis_is_stopped_frozen_and_started_again():
    with redis_server() as server:
        server.freeze()
        with socket.create_connection(("127.0.0.1", server.port), timeout=0.3) as connection:
            connection.sendall(b"PING\r\n")
            with pytest.raises(TimeoutError):
                connection.recv(16)
        server.thaw()
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=1)
        server.start()
