"""Runs a whole OpenStack object store in one process, its data in a folder: Keystone, and a Swift of one account, container,
object and proxy server with one disk and one replica.

    server.py FOLDER KEYSTONE_PORT SWIFT_PORT PASSWORD_OF_ADMIN REGION=URL_OF_SWIFT..."""

import os
import sqlite3
import sys

import eventlet

eventlet.monkey_patch()

import eventlet.wsgi
from keystone.cmd import bootstrap
from keystone.common import fernet_utils
from keystone.common.sql import upgrades
from keystone.server.flask import core as keystone
from swift.common import storage_policy, utils
from swift.common.ring import RingBuilder
from swift.common.wsgi import loadapp

folder, keystone_port, swift_port, password, *regions = sys.argv[1:]
KEYSTONE = f"http://127.0.0.1:{keystone_port}/v3"
# Keystone would read them as its own.
del sys.argv[1:]


def write(name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def serve(port, application):
    listener = eventlet.listen(("127.0.0.1", int(port)))
    eventlet.spawn(eventlet.wsgi.server, listener, application, log_output=False)
    return listener.getsockname()[1]


def describe_keystone():
    # Swift looks for Keystone there.
    catalogue = f"catalog.RegionOne.identity.internalURL = {KEYSTONE}\n"
    for region in regions:
        name, url = region.split("=", 1)
        service = f"catalog.{name}.object-store"
        catalogue += f"{service}.name = Swift\n{service}.publicURL = {url}/v1/AUTH_$(tenant_id)s\n"
    return write(
        "keystone.conf",
        f"""[DEFAULT]
log_file = {folder}/keystone.log
[database]
connection = sqlite:///{folder}/keystone.db
[catalog]
driver = templated
template_file = {write("catalogue", catalogue)}
[identity]
password_hash_rounds = 4
[fernet_tokens]
key_repository = {folder}/tokens
[fernet_receipts]
key_repository = {folder}/tokens
[credential]
key_repository = {folder}/credentials
""",
    )


def prepare_keystone():
    # Otherwise readers of the database lock its writers out.
    sqlite3.connect(f"{folder}/keystone.db").execute("pragma journal_mode = wal")
    upgrades.offline_sync_database_to_version()
    keys = fernet_utils.FernetUtils(f"{folder}/tokens", 3, "fernet_tokens")
    keys.create_key_directory()
    keys.initialize_key_repository()


def make_admin():
    # They are loaded with the application already.
    bootstrap.backends.load_backends = lambda: None
    first = bootstrap.Bootstrapper()
    first.admin_username = first.project_name = first.admin_role_name = "admin"
    first.admin_password = password
    first.bootstrap()


def describe_backend(kind):
    return write(
        f"{kind}.conf",
        f"""[DEFAULT]
swift_dir = {folder}
devices = {folder}/disks
mount_check = false
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
""",
    )


def build_ring(kind, port):
    builder = RingBuilder(4, 1, 0)
    address = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    builder.add_dev({"region": 1, "zone": 1, "weight": 1, "device": "disk", **address})
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, f"{kind}.ring.gz"))


def describe_proxy():
    return write(
        "proxy.conf",
        f"""[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors authtoken keystoneauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = {KEYSTONE}
auth_url = {KEYSTONE}
auth_type = password
username = admin
password = {password}
project_name = admin
user_domain_id = default
project_domain_id = default
delay_auth_decision = true
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin
""",
    )


os.makedirs(f"{folder}/disks/disk")
# A listing has pages of 7, so that every test reads more than one.
utils.SWIFT_CONF_FILE = storage_policy.SWIFT_CONF_FILE = write(
    "swift.conf",
    """[swift-hash]
swift_hash_path_suffix = test
[storage-policy:0]
name = only
default = yes
[swift-constraints]
container_listing_limit = 7
""",
)
identity = keystone.initialize_application("public", prepare_keystone, [describe_keystone()])
make_admin()
serve(keystone_port, identity)
for kind in ("account", "container", "object"):
    build_ring(kind, serve(0, loadapp(describe_backend(kind))))
serve(swift_port, loadapp(describe_proxy()))
eventlet.Event().wait()
