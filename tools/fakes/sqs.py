"""SQS in memory, as far as Lightpress uses it: at-least-once, receive counts, visibility, and a dead-letter queue.

There is no clock: whoever holds the world says when a message becomes visible again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.fakes.wire import at_once, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.fakes.wire import Wire


class Message(NamedTuple):
    """A message in a queue. number: its id is made of it. in_flight: received, and not visible again yet."""

    number: int
    body: str
    attributes: tuple[tuple[str, str], ...] = ()
    received: int = 0
    in_flight: bool = False

    @property
    def id(self) -> str:
        return f"message-{self.number}"

    @property
    def likeness(self) -> tuple[object, ...]:
        """Equal for messages that nobody can tell apart but by their ids."""
        return self.body, self.attributes, self.received, self.in_flight


@dataclass(slots=True)
class Queue:
    """Messages in no order.

    dead_letters: where a message goes that was received `max_receives` times, and more. refusing: how many entries of
    the next batch are not accepted, from its end.
    """

    name: str
    dead_letters: Queue | None = None
    max_receives: int = 5
    messages: list[Message] = field(default_factory=list)
    sent: int = 0
    refusing: int = 0

    def send(self, body: str, attributes: Mapping[str, str] | None = None) -> Message:
        self.sent += 1
        message = Message(self.sent, body, tuple(sorted((attributes or {}).items())))
        self.messages.append(message)
        return message

    def visible(self) -> list[Message]:
        return [message for message in self.messages if not message.in_flight]

    def receive(self, message: Message) -> Message | None:
        """Hand a message over, or move it to the dead-letter queue and hand over nothing."""
        self.messages.remove(message)
        if self.dead_letters is not None and message.received >= self.max_receives:
            self.dead_letters.send(message.body, dict(message.attributes))
            return None
        handed_over = Message(message.number, message.body, message.attributes, message.received + 1, in_flight=True)
        self.messages.append(handed_over)
        return handed_over

    def show(self, number: int) -> None:
        """Let a message be visible again, if it is still there."""
        for place, message in enumerate(self.messages):
            if message.number == number:
                self.messages[place] = message._replace(in_flight=False)

    def delete(self, number: int) -> None:
        """Acknowledge; what is gone already is fine."""
        self.messages[:] = [message for message in self.messages if message.number != number]


@dataclass(slots=True)
class SimulatedSqs:
    """Stands where a boto3 client does. Queue URLs are their names."""

    queues: dict[str, Queue]
    wire: Wire = at_once

    def send_message(
        self,
        *,
        QueueUrl: str,
        MessageBody: str,
        MessageAttributes: Mapping[str, Mapping[str, str]] | None = None,
        **_options: object,
    ) -> dict[str, Any]:
        attributes = {name: value["StringValue"] for name, value in (MessageAttributes or {}).items()}

        def effect() -> dict[str, Any]:
            return {"MessageId": self._queue("SendMessage", QueueUrl).send(MessageBody, attributes).id}

        return self.wire("SendMessage", QueueUrl, effect, changes=True)

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """Every one is accepted, but for those that the queue refuses."""

        def effect() -> dict[str, Any]:
            queue = self._queue("SendMessageBatch", QueueUrl)
            accepted = Entries[: max(0, len(Entries) - queue.refusing)]
            refused, queue.refusing = Entries[len(accepted) :], 0
            taken = [{"Id": one["Id"], "MessageId": queue.send(one["MessageBody"]).id} for one in accepted]
            return {"Successful": taken} | ({"Failed": [{"Id": one["Id"]} for one in refused]} if refused else {})

        return self.wire("SendMessageBatch", QueueUrl, effect, changes=True)

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,
        ReceiptHandle: str,
        VisibilityTimeout: int,
    ) -> dict[str, Any]:
        """Ask to see a message sooner or later: without a clock that changes nothing."""
        return self.wire(
            "ChangeMessageVisibility", f"{QueueUrl} {ReceiptHandle} in {VisibilityTimeout} s", dict[str, Any]
        )

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: Sequence[str]) -> dict[str, Any]:
        """Counts as they are: who waits for a queue may not hang on how late SQS counts."""

        def effect() -> dict[str, Any]:
            messages = self._queue("GetQueueAttributes", QueueUrl).messages
            hidden = sum(message.in_flight for message in messages)
            counts = {
                "ApproximateNumberOfMessages": len(messages) - hidden,
                "ApproximateNumberOfMessagesNotVisible": hidden,
            }
            return {"Attributes": {name: str(counts.get(name, 0)) for name in AttributeNames}}

        return self.wire("GetQueueAttributes", QueueUrl, effect)

    def _queue(self, operation: str, url: str) -> Queue:
        if url not in self.queues:
            raise refusal(operation, 400, "AWS.SimpleQueueService.NonExistentQueue")
        return self.queues[url]
