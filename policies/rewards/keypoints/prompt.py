"""What a model is asked: the task in its words, what the pictures show, and the reply that is wanted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.vocabulary import MAX_WAYPOINTS, Vocabulary

PROMPT_VERSION = 1
MAX_SENTENCE = 300


@dataclass(frozen=True)
class Prompt:
    """System and user text; the two pictures, top view then side view, go between them."""

    system: str
    user: str

    @property
    def sha(self) -> str:
        """16 hex digits that change with any letter."""
        joined = json.dumps([PROMPT_VERSION, self.system, self.user])
        return hashlib.sha256(joined.encode()).hexdigest()[:16]


_SYSTEM = """\
You plan the motion of a robot gripper from two pictures of one scene. You answer with one JSON object and \
nothing else. Name only labels, tiles and height lines that are drawn in the pictures."""

_USER = """\
Task: {task}

Picture 1 looks at the scene from above. Points on things are marked and labelled: {labels}.{graspable}
It is divided into tiles: columns {first_column} to {last_column} from left to right, rows {first_row} to \
{last_row} from bottom to top. Each tile's name is inside it, in a corner.

Picture 2 looks from the side. Lines show heights above the table, measured where the thing to be grasped \
stands: {heights}.

Plan how the gripper does the task:
- grasp: the marked point to grasp (keypoint), and the line nearest to its height.
- waypoints: the places that the grasped thing passes through between grasp and target, in order, each as \
the tile it is straight above and the nearest height line. At most {most}; none if it goes straight.
- target: where it ends (at): a marked point or a tile, and the nearest height line to where it then is.
- confidence: how sure you are that this does the task, from 0 to 1.
If the thing to be grasped or the target is not visible, set visible to false, grasp and target to null, and \
waypoints to [].

The JSON object, with your own values:
{example}"""


def build_prompt(sentence: str, vocabulary: Vocabulary, heights: HeightLines) -> Prompt:
    """The question for this task sentence and these pictures. The same input gives the same text.

    ValueError for an empty or overlong sentence, and for pictures without marks.
    """
    task = " ".join(sentence.split())
    if not 0 < len(task) <= MAX_SENTENCE:
        raise ValueError(f"a task sentence of {len(task)} characters; want 1 to {MAX_SENTENCE}")
    if not vocabulary.labels:
        raise ValueError("no marked point to choose from; propose masks, or let a person click")
    first, last = vocabulary.tiles[0], vocabulary.tiles[-1]
    user = _USER.format(
        task=json.dumps(task, ensure_ascii=False),
        labels=", ".join(vocabulary.labels),
        graspable=_graspable(vocabulary),
        first_column=first[0],
        last_column=last[0],
        first_row=first[1:],
        last_row=last[1:],
        heights=", ".join(f"{line.name} is {100 * line.above_table_m:g} cm" for line in heights.lines),
        most=MAX_WAYPOINTS,
        example=example_reply(vocabulary),
    )
    return Prompt(_SYSTEM, user)


def example_reply(vocabulary: Vocabulary) -> str:
    """A valid reply, which shows the form and means nothing."""
    height, middle = vocabulary.heights[-1], vocabulary.tiles[len(vocabulary.tiles) // 2]
    return json.dumps(
        {
            "reasoning": "one or two sentences",
            "visible": True,
            "grasp": {"keypoint": vocabulary.graspable[0], "height": vocabulary.heights[0]},
            "waypoints": [{"tile": middle, "height": height}],
            "target": {"at": vocabulary.targets[-1], "height": height},
            "confidence": 0.5,
        }
    )


def _graspable(vocabulary: Vocabulary) -> str:
    marked = [x for x in vocabulary.labels if x.startswith("P")]
    return " P marks lie on the thing to be grasped, Q marks on other things." if marked else ""
