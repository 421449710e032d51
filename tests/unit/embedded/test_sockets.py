"""What tests/conftest.py promises about the network."""

import socket

import pytest
from pytest_socket import SocketBlockedError, SocketConnectBlockedError


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_sockets_are_blocked() -> None:
    """A test that forgets the network mark cannot leave the process."""
    with pytest.raises(SocketBlockedError):
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)


@pytest.mark.network
@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_network_tests_reach_the_loopback_only() -> None:
    """Loopback works, the rest of the world is refused."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as outside, pytest.raises(SocketConnectBlockedError):
        outside.connect(("192.0.2.1", 80))
