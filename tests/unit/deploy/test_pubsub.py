from deploy.pubsub import subscriptions
from shared.registries.topics import TOPICS
from tests.unit.deploy.conftest import Cloud


def test_second_run_changes_nothing(cloud: Cloud) -> None:
    """After one run everything is as the registry says."""
    first = cloud.run("pubsub.sh")
    assert first.returncode == 0, first.stderr
    assert cloud.changes()
    second = cloud.run("pubsub.sh")
    assert second.returncode == 0
    assert "nothing changed" in second.stderr
    assert cloud.changes() == []


def test_every_topic_has_its_subscription_and_a_dead_letter_with_one(cloud: Cloud) -> None:
    """What is made is what the registry lists: a dead letter without a subscription would lose messages."""
    cloud.run("pubsub.sh")
    names = {name for topic in TOPICS.values() for name in (topic.name, topic.dead_letter)}
    assert set(cloud.state["topics"]) == names
    assert set(cloud.state["subscriptions"]) == names
    for topic in TOPICS.values():
        policy = cloud.state["subscriptions"][topic.name]["deadLetterPolicy"]
        assert policy == {
            "deadLetterTopic": f"projects/my-project/topics/{topic.dead_letter}",
            "maxDeliveryAttempts": topic.max_delivery_attempts,
        }


def test_a_subscription_pushes_to_its_consumer_as_the_account_of_pushes(cloud: Cloud) -> None:
    """Endpoint and audience are the consumer's own; dead letters go to the coordinator."""
    cloud.run("pubsub.sh")
    for topic in TOPICS.values():
        for name, consumer in ((topic.name, topic.consumer), (topic.dead_letter, "coordinator")):
            base = f"https://tipoff-{consumer}-123456789012.us-east1.run.app"
            config = cloud.state["subscriptions"][name]["pushConfig"]
            assert isinstance(config, dict)
            assert config["pushEndpoint"] == f"{base}/push/{name}"
            assert config["oidcToken"] == {
                "serviceAccountEmail": "tipoff-push@my-project.iam.gserviceaccount.com",
                "audience": f"{base}/push",
            }


def test_only_what_differs_is_updated(cloud: Cloud) -> None:
    """A deadline changed by hand is put back, by one command."""
    cloud.run("pubsub.sh")
    cloud.calls()
    state = cloud.state
    state["subscriptions"]["worker-tasks"]["ackDeadlineSeconds"] = 10
    cloud.set_state(state)
    cloud.run("pubsub.sh")
    assert [call[:4] for call in cloud.changes()] == [["pubsub", "subscriptions", "update", "worker-tasks"]]
    assert cloud.state["subscriptions"]["worker-tasks"]["ackDeadlineSeconds"] == 600


def test_a_missing_permission_is_given_back(cloud: Cloud) -> None:
    """Without it Google cannot forward to the dead letter, and messages would be delivered for ever."""
    cloud.run("pubsub.sh")
    cloud.calls()
    state = cloud.state
    del state["bindings"]["pubsub topics worker-tasks-dead"]
    cloud.set_state(state)
    cloud.run("pubsub.sh")
    agent = "--member=serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    worker = "--member=serviceAccount:tipoff-worker@my-project.iam.gserviceaccount.com"
    changes = cloud.changes()
    assert [change[:4] for change in changes] == [
        ["pubsub", "topics", "add-iam-policy-binding", "worker-tasks-dead"]
    ] * 2
    assert {change[4] for change in changes} == {agent, worker}


def test_a_subscription_on_another_topic_is_refused(cloud: Cloud) -> None:
    """A subscription cannot be moved to another topic: the operator is told to delete it."""
    cloud.run("pubsub.sh")
    state = cloud.state
    state["subscriptions"]["worker-tasks"]["topic"] = "projects/my-project/topics/elsewhere"
    cloud.set_state(state)
    done = cloud.run("pubsub.sh")
    assert done.returncode == 1
    assert "worker-tasks has topic=projects/my-project/topics/elsewhere" in done.stderr


def test_values_are_within_the_limits_of_pubsub() -> None:
    """Deadlines, backoffs and attempts of the registry are ones that Pub/Sub accepts."""
    for topic in TOPICS.values():
        for subscription in subscriptions(topic):
            assert 10 <= subscription.ack_deadline <= 600
            assert 0 <= subscription.backoff[0] <= subscription.backoff[1] <= 600
        assert 5 <= topic.max_delivery_attempts <= 100
