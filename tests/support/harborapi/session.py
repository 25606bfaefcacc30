"""A session of harborapi, the Python client of Harbor, against the API at argv[1].

Every step is what somebody's script does; the client raises on every status that it does not expect, and its models
(made from Harbor's own description) refuse what has another shape. Prints one line a step, and stops at the first fault.
"""

import asyncio
import sys
from datetime import datetime, timezone

from harborapi import HarborAsyncClient
from harborapi.exceptions import Conflict, Forbidden, NotFound, Unauthorized
from harborapi.models import (
    Access,
    Label,
    Permission,
    ProjectMember,
    ProjectMetadata,
    ProjectReq,
    QuotaUpdateReq,
    ResourceList,
    Robot,
    RobotCreate,
    RobotPermission,
    RoleRequest,
    UserCreationReq,
    UserEntity,
    UserProfile,
)

URL, ADMIN_PASSWORD = sys.argv[1], sys.argv[2]
PASSWORD = "Passw0rd-of-carol"


def client(username, secret):
    return HarborAsyncClient(url=f"{URL}/api/v2.0", username=username, secret=secret)


def step(what):
    print(what, flush=True)


async def expect(error, call):
    try:
        await call
    except error:
        return
    raise AssertionError(f"{error.__name__} was expected")


async def main():
    admin = client("admin", ADMIN_PASSWORD)

    step("system")
    assert await admin.ping() == "Pong"
    health = await admin.health_check()
    assert health.status == "healthy", health
    info = await admin.get_system_info()
    assert info.auth_mode == "db_auth" and info.with_chartmuseum

    step("projects")
    location = await admin.create_project(
        ProjectReq(project_name="python", metadata=ProjectMetadata(public="false"))
    )
    assert location.startswith("/api/v2.0/projects/"), location
    await expect(Conflict, admin.create_project(ProjectReq(project_name="python")))
    assert await admin.project_exists("python")
    assert not await admin.project_exists("nothing")
    project = await admin.get_project("python")
    assert (await admin.get_project(project.project_id)).name == "python"
    assert project.metadata.public == "false" and project.chart_count == 0
    await admin.update_project("python", ProjectReq(metadata=ProjectMetadata(public="true")))
    assert (await admin.get_project("python")).metadata.public == "true"
    names = [one.name for one in await admin.get_projects(query="name=~pyth", sort="name")]
    assert names == ["python"], names

    step("users")
    await admin.create_user(
        UserCreationReq(
            username="carol", email="carol@example.com", realname="Carol", password=PASSWORD
        )
    )
    carol = await admin.get_user_by_username("carol")
    await admin.update_user(
        carol.user_id, UserProfile(email="carol@example.org", realname="Carol C", comment="builds")
    )
    assert (await admin.get_user(carol.user_id)).email == "carol@example.org"
    assert [user.username for user in await admin.search_users_by_username("caro")] == ["carol"]
    assert "carol" in [user.username for user in await admin.get_users()]
    me = client("carol", PASSWORD)
    assert (await me.get_current_user()).username == "carol"
    await expect(Forbidden, me.get_users())
    await expect(Unauthorized, client("carol", "wrong").get_current_user())

    step("members")
    await admin.add_project_member_user("python", "carol", 2)
    members = await admin.get_project_members("python")
    member = next(one for one in members if one.entity_name == "carol")
    assert member.role_id == 2 and member.entity_type == "u"
    await admin.update_project_member_role("python", member.id, RoleRequest(role_id=4))
    assert (await admin.get_project_member("python", member.id)).role_name == "maintainer"
    assert [one.name for one in await me.get_projects(query="name=python")] == ["python"]

    step("robots")
    created = await admin.create_robot(
        RobotCreate(
            name="ci",
            description="pushes",
            level="project",
            duration=-1,
            permissions=[
                RobotPermission(
                    kind="project",
                    namespace="python",
                    access=[
                        Access(resource="helm-chart", action="read"),
                        Access(resource="helm-chart-version", action="create"),
                    ],
                )
            ],
        )
    )
    assert created.name == "robot$python+ci" and created.secret
    robot = await admin.get_robot(created.id)
    assert robot.level == "project" and robot.expires_at == -1
    found = await admin.get_robots(query=f"Level=project,ProjectID={project.project_id}")
    assert [one.name for one in found] == ["robot$python+ci"]
    robot.description = "pushes and pulls"
    await admin.update_robot(created.id, robot)
    assert (await admin.get_robot(created.id)).description == "pushes and pulls"
    renewed = await admin.refresh_robot_secret(created.id, "")
    assert renewed.secret and renewed.secret != created.secret
    as_robot = client(created.name, renewed.secret)
    assert [one.name for one in await as_robot.get_projects(query="name=python")] == ["python"]

    step("labels")
    await admin.create_label(
        Label(name="stable", color="#9B0D54", scope="p", project_id=project.project_id)
    )
    labels = await admin.get_labels(scope="p", project_id=project.project_id)
    assert [label.name for label in labels] == ["stable"]
    await admin.update_label(labels[0].id, Label(name="stable", color="#000000", scope="p"))
    assert (await admin.get_label(labels[0].id)).color == "#000000"
    await admin.delete_label(labels[0].id)

    step("metadata")
    metadata = await admin.get_project_metadata("python")
    assert metadata.public == "true"
    await admin.update_project_metadata_entry("python", "public", {"public": "false"})
    assert await admin.get_project_metadata_entry("python", "public") == {"public": "false"}

    step("quotas")
    quotas = await admin.get_quotas(reference="project", reference_id=str(project.project_id))
    assert len(quotas) == 1, quotas
    await admin.update_quota(quotas[0].id, QuotaUpdateReq(hard=ResourceList({"storage": 1048576})))
    quota = await admin.get_quota(quotas[0].id)
    assert quota.hard.root["storage"] == 1048576 and quota.used.root["storage"] == 0
    summary = await admin.get_project_summary("python")
    assert summary.maintainer_count == 1 and summary.project_admin_count == 1

    step("permissions")
    permissions = await me.get_current_user_permissions(f"/project/{project.project_id}", True)
    pairs = {(one.resource, one.action) for one in permissions}
    assert ("helm-chart-version", "delete") in pairs and ("project", "delete") not in pairs
    grantable = await admin.get_permissions()
    assert "helm-chart" in {one.resource for one in grantable.project}

    step("groups")
    assert await admin.get_usergroups() == []

    step("search, statistics and configuration")
    found = await admin.search("pyth")
    assert [one.name for one in found.project] == ["python"]
    assert (await admin.get_statistics()).total_project_count == 2
    config = await admin.get_config()
    assert config.auth_mode.value == "db_auth"

    step("logs")
    logs = await admin.get_project_logs("python")
    assert {one.operation for one in logs} >= {"create"}, logs
    since = datetime(2020, 1, 1, tzinfo=timezone.utc)
    assert all(one.op_time > since for one in await admin.get_audit_logs())

    step("removal")
    await admin.delete_robot(created.id)
    await expect(NotFound, admin.get_robot(created.id))
    await admin.remove_project_member("python", member.id)
    await admin.set_user_admin(carol.user_id, True)
    assert (await me.get_current_user()).sysadmin_flag
    await admin.delete_user(carol.user_id)
    await expect(Unauthorized, me.get_current_user())
    deletable = await admin.get_project_deletable("python")
    assert deletable.deletable
    await admin.delete_project("python")
    assert not await admin.project_exists("python")


asyncio.run(main())
