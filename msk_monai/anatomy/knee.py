"""Names of the points and lines of a knee on a film from front or back."""

FEMUR = tuple(f"femur_{number}" for number in range(1, 8))
"""Along the femur's lower outline, from the lateral to the medial side: edge of the condyle, its lowest part, the notch's wall, its top,
its other wall, the other condyle's lowest part, its edge. KNEEL's annotation (Tiulpin et al. 2019, doi:10.1109/ICCVW.2019.00050)."""
TIBIA = tuple(f"tibia_{number}" for number in range(1, 10))
"""Along the tibia's upper outline, from the lateral to the medial side: edge of the plateau, its middle, the foot of the tubercle, its tip,
the hollow between the tubercles, the medial one's tip, its foot, middle and edge of the medial plateau."""
POINTS = FEMUR + TIBIA

LINES = {
    "femoral_condylar_width": ("femur_1", "femur_7"),
    "tibial_plateau_width": ("tibia_1", "tibia_9"),
    "lateral_joint_space": ("femur_2", "tibia_2"),
    "medial_joint_space": ("femur_6", "tibia_8"),
}
"""The eight points, in pairs, whose distances are measured."""
